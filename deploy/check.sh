#!/bin/sh
# Starts the binary that the first argument names as the image does: as nobody, with one folder to write to and, where this
# machine lets us, nothing else; asks whether it is alive, and tells it to stop. Fails where any of that does.
set -eu
folder="$(mktemp -d)"
install -m 0755 "$1" "$folder/annex"
cd "$folder"

as_nobody=""
read_only=""
how="as who runs this"
if [ "$(id -u)" = 0 ]; then
  chown 65534:65534 "$folder"
  as_nobody="setpriv --reuid 65534 --regid 65534 --clear-groups --no-new-privs --bounding-set -all"
  how="as nobody"
  if unshare --mount true 2>/dev/null; then
    cat >"$folder/read-only" <<'SCRIPT'
mount --bind "$1" "$1"
mount -o bind,remount,ro /
cd "$1"
shift
exec "$@"
SCRIPT
    read_only="unshare --mount sh -eu $folder/read-only $folder"
    how="as nobody, on a read-only root"
  fi
fi

# Any port will do: below those that the system gives out by itself, and another one for every run.
listen="127.0.0.1:$((20000 + $$ % 10000))"
export ANNEX_BASE_URL="http://$listen" ANNEX_LISTEN="$listen" ANNEX_LOG=warn
export ANNEX_DATABASE_URL="sqlite://$folder/annex.db"
export HUBSPOT_CLIENT_ID=id HUBSPOT_CLIENT_SECRET=secret HUBSPOT_APP_ID=1
export STOREGANISE_API_KEY=key STOREGANISE_SIGNATURE_SECRETS=secret
ANNEX_MASTER_KEYS="$(./annex keys generate 2>/dev/null)"
export ANNEX_MASTER_KEYS

# The words of a command are meant to be split.
# shellcheck disable=SC2086
$read_only $as_nobody ./annex serve &
service=$!
trap 'kill -KILL "$service" 2>/dev/null || true; rm -rf "$folder"' EXIT
tries=0
# shellcheck disable=SC2086
until $as_nobody ./annex healthcheck 2>/dev/null; do
  tries=$((tries + 1))
  if [ "$tries" -ge 100 ] || ! kill -0 "$service"; then
    echo "The service did not come up." >&2
    exit 1
  fi
  sleep 0.2
done
kill -TERM "$service"
wait "$service"
echo "It started $how, was alive, and stopped when told to."
