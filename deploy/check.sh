#!/bin/sh
# Starts the binary that the first argument names as the image does: as nobody, with one folder to write to; asks whether it
# is alive, and tells it to stop. Fails where any of that does.
set -eu
binary="$1"
folder="$(mktemp -d)"
as_nobody=""
if [ "$(id -u)" = 0 ]; then
  as_nobody="setpriv --reuid 65534 --regid 65534 --clear-groups --no-new-privs --bounding-set -all"
  chown 65534:65534 "$folder"
fi
install -m 0755 "$binary" "$folder/annex"
cd "$folder"

# Any port will do: below those that the system gives out by itself, and another one for every run.
port=$((20000 + $$ % 10000))
export ANNEX_BASE_URL="http://127.0.0.1:$port" ANNEX_LISTEN="127.0.0.1:$port" ANNEX_LOG=warn
export ANNEX_DATABASE_URL="sqlite://$folder/annex.db"
export HUBSPOT_CLIENT_ID=id HUBSPOT_CLIENT_SECRET=secret HUBSPOT_APP_ID=1
export STOREGANISE_API_KEY=key STOREGANISE_SIGNATURE_SECRETS=secret
ANNEX_MASTER_KEYS="$(./annex keys generate 2>/dev/null)"
export ANNEX_MASTER_KEYS

$as_nobody ./annex serve &
service=$!
trap 'kill -KILL "$service" 2>/dev/null || true; rm -rf "$folder"' EXIT
tries=0
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
echo "It started as nobody, was alive, and stopped when told to."
