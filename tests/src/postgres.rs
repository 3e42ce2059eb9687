//! A throw-away PostgreSQL cluster for this test process: made at the first use, removed when the process
//! ends, however it ends. Works as root, too: PostgreSQL refuses root, so it then runs as another account.
//!
//! A small shell guard owns the cluster. Its standard input is a pipe this process holds: when the process
//! ends, even by SIGKILL, the guard reads the end of it, stops the server and deletes the folder.

use std::{
    env, fs,
    io::{self, BufRead as _, BufReader},
    net::{Ipv4Addr, TcpListener},
    os::unix::{fs::chown, process::CommandExt as _},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::{
        OnceLock,
        atomic::{AtomicU32, Ordering},
    },
};

use secrecy::SecretString;

/// Set where a missing server must fail the tests instead of skipping them.
pub const MUST_NOT_SKIP: &str = "ANNEX_TESTS_MUST_NOT_SKIP";

const GUARD: &str = r#"
initdb -D "$1/data" -U postgres -A trust -N --no-instructions -E UTF8 --locale=C >"$1/log" 2>&1 || exit 1
pg_ctl -D "$1/data" -w -t 30 -l "$1/log" -o "-p $2 -c listen_addresses=127.0.0.1 -c unix_socket_directories= \
  -c fsync=off -c synchronous_commit=off -c full_page_writes=off -c max_connections=400 \
  -c log_line_prefix=%d:" start >/dev/null || exit 1
echo ready
cat >/dev/null
pg_ctl -D "$1/data" -m immediate stop >/dev/null 2>&1
rm -rf "$1"
"#;

struct Cluster {
    port: u16,
    /// Held, never waited for: the guard ends by itself after this process.
    _guard: Child,
}

/// The address of a new, empty database, or none where this machine has no PostgreSQL server.
///
/// # Panics
/// There is a server but it does not start; or there is none and [`MUST_NOT_SKIP`] is set.
#[must_use]
pub fn new_database() -> Option<SecretString> {
    static CLUSTER: OnceLock<Option<Cluster>> = OnceLock::new();
    static NUMBER: AtomicU32 = AtomicU32::new(0);
    let cluster = CLUSTER.get_or_init(|| {
        let bin = server_binaries();
        assert!(bin.is_some() || env::var_os(MUST_NOT_SKIP).is_none(), "no PostgreSQL server binaries here");
        bin.map(|bin| start(&bin).expect("the PostgreSQL server starts"))
    });
    let port = cluster.as_ref()?.port;
    let name = format!("t{}", NUMBER.fetch_add(1, Ordering::Relaxed));
    let bin = server_binaries()?;
    let made = Command::new(bin.join("psql").canonicalize().unwrap_or_else(|_| "psql".into()))
        .args(["-h", "127.0.0.1", "-p", &port.to_string(), "-U", "postgres", "-qc"])
        .arg(format!("CREATE DATABASE {name}"))
        .status();
    assert!(made.is_ok_and(|status| status.success()), "a database could not be made");
    Some(SecretString::from(format!("postgres://postgres@127.0.0.1:{port}/{name}")))
}

/// One of the programs that come with the server.
///
/// # Panics
/// There is no server here.
#[must_use]
pub fn program(name: &str) -> PathBuf {
    server_binaries().expect("there is a server").join(name)
}

/// What the server has logged so far, each entry after its database's name and a colon.
///
/// # Panics
/// It cannot be read.
#[must_use]
pub fn log() -> String {
    fs::read_to_string(folder().join("log")).expect("the server's log is there")
}

fn folder() -> PathBuf {
    env::temp_dir().join(format!("annex-postgres-{}", std::process::id()))
}

fn start(bin: &Path) -> io::Result<Cluster> {
    let folder = folder();
    fs::create_dir_all(&folder)?;
    let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port();
    let mut guard = Command::new("sh");
    guard.args(["-c", GUARD, "guard"]).arg(&folder).arg(port.to_string());
    guard.env("PATH", format!("{}:{}", bin.display(), env::var("PATH").unwrap_or_default()));
    guard.env("LC_ALL", "C").current_dir(&folder);
    guard.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
    if let Some((uid, gid)) = another_account()? {
        chown(&folder, Some(uid), Some(gid))?;
        guard.uid(uid).gid(gid);
    }
    let mut guard = guard.spawn()?;
    let mut line = String::new();
    let output = guard.stdout.take().ok_or_else(|| io::Error::other("the guard has no output"))?;
    BufReader::new(output).read_line(&mut line)?;
    if line.trim() != "ready" {
        let log = fs::read_to_string(folder.join("log")).unwrap_or_default();
        return Err(io::Error::other(format!("PostgreSQL did not start: {log}")));
    }
    Ok(Cluster { port, _guard: guard })
}

/// Where the server's own programs are: on the path, or where Debian puts them (the newest version).
fn server_binaries() -> Option<PathBuf> {
    let on_path = env::var_os("PATH")
        .and_then(|path| env::split_paths(&path).find(|folder| folder.join("initdb").exists()));
    if let Some(folder) = on_path {
        return fs::canonicalize(folder.join("initdb")).ok()?.parent().map(Path::to_path_buf);
    }
    let versions = fs::read_dir("/usr/lib/postgresql").ok()?;
    let mut found: Vec<PathBuf> = versions
        .flatten()
        .map(|version| version.path().join("bin"))
        .filter(|bin| bin.join("initdb").exists())
        .collect();
    found.sort();
    found.pop()
}

/// Whom to run as where this process is root: `postgres`, else `nobody`.
fn another_account() -> io::Result<Option<(u32, u32)>> {
    use std::os::unix::fs::MetadataExt as _;
    if fs::metadata("/proc/self")?.uid() != 0 {
        return Ok(None);
    }
    let accounts = fs::read_to_string("/etc/passwd")?;
    let ids = |name: &str| {
        let fields: Vec<&str> =
            accounts.lines().find(|line| line.split(':').next() == Some(name))?.split(':').collect();
        Some((fields.get(2)?.parse().ok()?, fields.get(3)?.parse().ok()?))
    };
    let found = ids("postgres").or_else(|| ids("nobody"));
    found.map(Some).ok_or_else(|| io::Error::other("no account to run PostgreSQL as"))
}
