//! A process of this very program that runs beside us, so that what it costs is told apart from the load. It ends with
//! its standard input, and so with us.

use std::{fs, process::Stdio, time::Duration};

use anyhow::{Context as _, ensure};
use tokio::{
    io::{AsyncBufReadExt as _, AsyncReadExt as _, BufReader, Lines},
    process::{Child, ChildStdout, Command},
    time::{sleep, timeout},
};

/// How long a process may take to end what it has under way.
const STOP_WAIT: Duration = Duration::from_secs(60);
/// A process that starts is at rest once it holds the same memory in so many looks.
const LOOKS_THE_SAME: u32 = 5;
const LOOKS_MAX: u32 = 50;
const LOOK_EVERY: Duration = Duration::from_millis(100);
/// What Linux takes as: forget the most memory there was (`proc_pid_clear_refs(5)`).
const FORGET_THE_MOST: &str = "5";

/// One process beside us.
pub(crate) struct Beside {
    child: Child,
    lines: Lines<BufReader<ChildStdout>>,
}

impl Beside {
    /// Starts this program again in another role, with these variables besides ours.
    ///
    /// # Errors
    /// It cannot be started.
    pub(crate) fn start(role: &str, environment: &[(&str, String)]) -> anyhow::Result<Self> {
        let mut child = Command::new(std::env::current_exe()?)
            .arg(role)
            .envs(environment.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()?;
        let output = child.stdout.take().context("it was asked for")?;
        Ok(Self { child, lines: BufReader::new(output).lines() })
    }

    /// The next line it says.
    ///
    /// # Errors
    /// It ended without one.
    pub(crate) async fn line(&mut self) -> anyhow::Result<String> {
        self.lines.next_line().await?.context("a process beside us ended at once")
    }

    /// The memory it holds now, in bytes.
    ///
    /// # Errors
    /// This system does not say.
    pub(crate) fn resident_bytes(&self) -> anyhow::Result<u64> {
        self.memory("VmRSS:")
    }

    /// The memory it holds once it neither takes more nor gives any back, in bytes.
    ///
    /// # Errors
    /// As [`Beside::resident_bytes`].
    pub(crate) async fn resident_at_rest(&self) -> anyhow::Result<u64> {
        let (mut held, mut same) = (self.resident_bytes()?, 0);
        for _ in 0..LOOKS_MAX {
            sleep(LOOK_EVERY).await;
            let now = self.resident_bytes()?;
            same = if now == held { same + 1 } else { 0 };
            held = now;
            if same == LOOKS_THE_SAME {
                break;
            }
        }
        Ok(held)
    }

    /// The most memory it held at once since it started, or since [`Beside::forget_peak`], in bytes.
    ///
    /// # Errors
    /// This system does not say.
    pub(crate) fn peak_bytes(&self) -> anyhow::Result<u64> {
        self.memory("VmHWM:")
    }

    /// Begins to look for the most memory anew.
    ///
    /// # Errors
    /// This system cannot.
    pub(crate) fn forget_peak(&self) -> anyhow::Result<()> {
        Ok(fs::write(format!("/proc/{}/clear_refs", self.id()?), FORGET_THE_MOST)?)
    }

    /// Lets it end what it has under way, and waits for that.
    ///
    /// # Errors
    /// It takes too long, or says that it failed.
    pub(crate) async fn stop(mut self) -> anyhow::Result<()> {
        drop(self.child.stdin.take());
        let ended = timeout(STOP_WAIT, self.child.wait()).await.context("a process does not end")??;
        ensure!(ended.success(), "a process beside us ended with {ended}");
        Ok(())
    }

    /// Kills it, as a machine that is short of memory does, and waits until it is gone.
    ///
    /// # Errors
    /// It had ended before.
    pub(crate) async fn kill(mut self) -> anyhow::Result<()> {
        self.child.kill().await.context("a process beside us had ended")
    }

    /// The processor's time it has used since it started.
    ///
    /// # Errors
    /// This system does not say.
    pub(crate) fn processor_time(&self) -> anyhow::Result<Duration> {
        let stat = fs::read_to_string(format!("/proc/{}/stat", self.id()?))?;
        // After the name, which is in brackets: the 14th and the 15th field, in hundredths of a second (`proc_pid_stat(5)`).
        let fields = stat.rsplit_once(')').context("no name")?.1.split_whitespace();
        let ticks: Vec<u64> = fields.skip(11).take(2).map(str::parse).collect::<Result<_, _>>()?;
        Ok(Duration::from_millis(ticks.iter().sum::<u64>() * 10))
    }

    fn memory(&self, name: &str) -> anyhow::Result<u64> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.id()?))?;
        let line = status.lines().find_map(|line| line.strip_prefix(name));
        let kib = line.with_context(|| format!("no {name}"))?.trim().trim_end_matches("kB").trim();
        Ok(kib.parse::<u64>()? * 1024)
    }

    /// Its number.
    ///
    /// # Errors
    /// It has ended.
    pub(crate) fn id(&self) -> anyhow::Result<u32> {
        self.child.id().context("the process has ended")
    }
}

/// Waits until standard input ends: whoever started us is done with us, or gone.
///
/// # Errors
/// It cannot be read.
pub(crate) async fn until_input_ends() -> anyhow::Result<()> {
    let mut rest = Vec::new();
    tokio::io::stdin().read_to_end(&mut rest).await?;
    Ok(())
}
