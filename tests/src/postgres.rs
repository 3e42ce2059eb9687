//! Throw-away PostgreSQL servers: one that all tests of this process share, made at the first use, and one of its own for
//! a test that does it harm. Each is removed when the process ends, however it ends. Works as root, too: PostgreSQL
//! refuses root, so it then runs as another account.
//!
//! A small shell guard owns a server. Its standard input is a pipe this process holds: when the process
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

/// What every server is told. What it says it has done survives a kill of its processes, but not a power cut.
const SETTINGS: &str = "
    listen_addresses = '127.0.0.1'
    unix_socket_directories = ''
    fsync = off
    full_page_writes = off
    max_connections = 400
    log_line_prefix = '%d:'";
/// What else the shared one is told, which nobody kills.
const FAST: &str = "
    synchronous_commit = off";
/// What else one is told that has a small disk.
const SMALL: &str = "
    min_wal_size = 2MB
    max_wal_size = 4MB";

/// What ends everybody at this terminal must leave somebody to clean up.
const GUARD: &str = r#"
trap '' INT TERM HUP
initdb -D "$1/data" -U postgres -A trust -N --no-instructions -E UTF8 --locale=C --wal-segsize=1 >"$1/log" 2>&1 || exit 1
printf '%s\n' "port = $2" "$3" >>"$1/data/postgresql.conf"
pg_ctl -D "$1/data" -w -t 30 -l "$1/log" start >/dev/null || exit 1
echo ready
cat >/dev/null
pg_ctl -D "$1/data" -m immediate stop >/dev/null 2>&1
rm -rf "$1"
"#;

/// A server with a folder and a port of its own.
#[derive(Debug)]
pub struct Server {
    folder: PathBuf,
    port: u16,
    databases: AtomicU32,
    /// Held, never waited for: the guard ends by itself after this process.
    _guard: Child,
}

/// The address of a new, empty database of the server that all tests share, or none where this machine has no PostgreSQL
/// server.
///
/// # Panics
/// There is a server but it does not start; or there is none and [`MUST_NOT_SKIP`] is set.
#[must_use]
pub fn new_database() -> Option<SecretString> {
    shared().map(Server::new_database)
}

/// What the shared server has logged so far, each entry after its database's name and a colon.
///
/// # Panics
/// It cannot be read.
#[must_use]
pub fn log() -> String {
    shared().expect("there is a server").log()
}

fn shared() -> Option<&'static Server> {
    static SHARED: OnceLock<Option<Server>> = OnceLock::new();
    SHARED.get_or_init(|| start_in(&own_folder("shared"), FAST)).as_ref()
}

/// One of the programs that come with the server.
///
/// # Panics
/// There is no server here.
#[must_use]
pub fn program(name: &str) -> PathBuf {
    server_binaries().expect("there is a server").join(name)
}

impl Server {
    /// A server that a test may do anything to; none where this machine has none.
    ///
    /// # Panics
    /// As [`new_database`].
    #[must_use]
    pub fn own() -> Option<Self> {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        start_in(&own_folder(&NUMBER.fetch_add(1, Ordering::Relaxed).to_string()), "")
    }

    /// The same, on a small disk that is mounted here.
    ///
    /// # Panics
    /// As [`new_database`].
    #[must_use]
    pub fn on(disk: &Path) -> Option<Self> {
        start_in(&disk.join("postgres"), SMALL)
    }

    /// The address of a new, empty database of this server.
    ///
    /// # Panics
    /// It cannot be made.
    #[must_use]
    pub fn new_database(&self) -> SecretString {
        let name = format!("t{}", self.databases.fetch_add(1, Ordering::Relaxed));
        self.sql("postgres", &format!("CREATE DATABASE {name}"));
        SecretString::from(format!("postgres://postgres@127.0.0.1:{}/{name}", self.port))
    }

    /// Tells it something, as its administrator.
    ///
    /// # Panics
    /// It refuses.
    pub fn sql(&self, database: &str, text: &str) {
        let psql = program("psql").canonicalize().unwrap_or_else(|_| "psql".into());
        let told = Command::new(psql)
            .args(["-h", "127.0.0.1", "-p", &self.port.to_string(), "-U", "postgres", "-d", database])
            .args(["-v", "ON_ERROR_STOP=1", "-qAtc", text])
            .stdout(Stdio::null())
            .status();
        assert!(told.is_ok_and(|status| status.success()), "refused: {text}");
    }

    /// Kills all of its processes, as a crash does.
    ///
    /// # Panics
    /// It was not there.
    pub fn crash(&self) {
        assert!(self.control(&["-m", "immediate", "stop"]), "not stopped: {}", self.log());
    }

    /// Starts it where it is not there.
    ///
    /// # Panics
    /// It does not start.
    pub fn recover(&self) {
        let log = self.folder.join("log").display().to_string();
        let is_there = self.control(&["status"]) || self.control(&["-w", "-t", "60", "-l", &log, "start"]);
        assert!(is_there, "not started: {}", self.log());
    }

    /// What it has logged so far, each entry after its database's name and a colon.
    ///
    /// # Panics
    /// It cannot be read.
    #[must_use]
    pub fn log(&self) -> String {
        fs::read_to_string(self.folder.join("log")).expect("the server's log is there")
    }

    /// Whether `pg_ctl` did it.
    fn control(&self, arguments: &[&str]) -> bool {
        let mut command = Command::new(program("pg_ctl"));
        command.arg("-D").arg(self.folder.join("data")).args(arguments);
        as_another(&mut command, &self.folder).expect("there is an account for it");
        let done = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).status();
        done.expect("pg_ctl runs").success()
    }
}

fn own_folder(name: &str) -> PathBuf {
    env::temp_dir().join(format!("annex-postgres-{}-{name}", std::process::id()))
}

fn start_in(folder: &Path, more: &str) -> Option<Server> {
    let bin = server_binaries();
    assert!(bin.is_some() || env::var_os(MUST_NOT_SKIP).is_none(), "no PostgreSQL server binaries here");
    Some(start(&bin?, folder, more).expect("the PostgreSQL server starts"))
}

fn start(bin: &Path, folder: &Path, more: &str) -> io::Result<Server> {
    fs::create_dir_all(folder)?;
    let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port();
    let mut guard = Command::new("sh");
    guard.args(["-c", GUARD, "guard"]).arg(folder).arg(port.to_string()).arg(format!("{SETTINGS}{more}"));
    guard.env("PATH", format!("{}:{}", bin.display(), env::var("PATH").unwrap_or_default()));
    guard.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
    as_another(&mut guard, folder)?;
    let mut guard = guard.spawn()?;
    let mut line = String::new();
    let output = guard.stdout.take().ok_or_else(|| io::Error::other("the guard has no output"))?;
    BufReader::new(output).read_line(&mut line)?;
    if line.trim() != "ready" {
        let log = fs::read_to_string(folder.join("log")).unwrap_or_default();
        return Err(io::Error::other(format!("PostgreSQL did not start: {log}")));
    }
    Ok(Server { folder: folder.to_owned(), port, databases: AtomicU32::new(0), _guard: guard })
}

/// Runs a command in this folder, which is the server's, as an account that PostgreSQL accepts.
fn as_another(command: &mut Command, folder: &Path) -> io::Result<()> {
    command.env("LC_ALL", "C").current_dir(folder);
    if let Some((uid, gid)) = another_account()? {
        chown(folder, Some(uid), Some(gid))?;
        command.uid(uid).gid(gid);
    }
    Ok(())
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
