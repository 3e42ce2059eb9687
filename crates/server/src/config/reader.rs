//! Reads variables one by one, notes each, and keeps every problem: a person mends all of them at once.

use std::{
    fmt,
    io::Read as _,
    path::Path,
    process::{Command, Stdio},
    sync::mpsc,
    thread,
    time::Duration,
};

/// How long a command may take that gives a variable's value.
const COMMAND_TIME: Duration = Duration::from_secs(30);
/// Of what it says, no more is read.
const COMMAND_BYTES: u64 = 64 * 1024;

/// Where a variable's value came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// The variable itself.
    Environment,
    /// The file that `NAME_FILE` names.
    File,
    /// What the command that `NAME_COMMAND` names wrote.
    Command,
    /// It is not set: the default applies, or it is missing.
    Unset,
}

/// One variable as it was found. Values are not in it: most of them are secrets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    /// The variable's name.
    pub name: &'static str,
    /// Where its value came from.
    pub source: Source,
    /// What is wrong and how to mend it, in plain words.
    pub problem: Option<String>,
}

impl fmt::Display for Seen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.name, self.problem.as_deref().unwrap_or("is as it should be."))
    }
}

/// Looks variables up through `get`, so that no test needs the process's environment.
pub(super) struct Reader<'a> {
    get: &'a dyn Fn(&str) -> Option<String>,
    seen: Vec<Seen>,
}

impl<'a> Reader<'a> {
    pub(super) fn new(get: &'a dyn Fn(&str) -> Option<String>) -> Self {
        Self { get, seen: Vec::new() }
    }

    /// A variable that must be set; `how` says where its value comes from.
    pub(super) fn required<T>(
        &mut self,
        name: &'static str,
        how: &str,
        parse: impl FnOnce(&str) -> Result<T, String>,
    ) -> Option<T> {
        match self.raw(name) {
            (source, Ok(Some(text))) => self.note(name, source, parse(&text)),
            (source, Ok(None)) => self.note(name, source, Err(format!("is not set. {how}"))),
            (source, Err(problem)) => self.note(name, source, Err(problem)),
        }
    }

    /// A variable that has a default.
    pub(super) fn or_default<T>(
        &mut self,
        name: &'static str,
        default: &str,
        parse: impl FnOnce(&str) -> Result<T, String>,
    ) -> Option<T> {
        match self.raw(name) {
            (source, Ok(text)) => self.note(name, source, parse(text.as_deref().unwrap_or(default))),
            (source, Err(problem)) => self.note(name, source, Err(problem)),
        }
    }

    /// Adds a problem that shows only where two variables are seen together.
    pub(super) fn blame(&mut self, name: &'static str, problem: String) {
        if let Some(seen) = self.seen.iter_mut().find(|seen| seen.name == name) {
            seen.problem.get_or_insert(problem);
        }
    }

    pub(super) fn seen(self) -> Vec<Seen> {
        self.seen
    }

    fn note<T>(&mut self, name: &'static str, source: Source, parsed: Result<T, String>) -> Option<T> {
        let (value, problem) = match parsed {
            Ok(value) => (Some(value), None),
            Err(problem) => (None, Some(problem)),
        };
        self.seen.push(Seen { name, source, problem });
        value
    }

    /// An empty variable counts as not set: that is how compose files leave one out.
    fn raw(&self, name: &str) -> (Source, Result<Option<String>, String>) {
        let (file_name, command_name) = (format!("{name}_FILE"), format!("{name}_COMMAND"));
        let lookup =
            |name: &str| (self.get)(name).map(|text| text.trim().to_owned()).filter(|text| !text.is_empty());
        match (lookup(name), lookup(&file_name), lookup(&command_name)) {
            (Some(text), None, None) => (Source::Environment, Ok(Some(text))),
            (None, Some(path), None) => (Source::File, read(Path::new(&path), &file_name).map(Some)),
            (None, None, Some(line)) => (Source::Command, ask(&line, &command_name).map(Some)),
            (None, None, None) => (Source::Unset, Ok(None)),
            (own, ..) => {
                let source = if own.is_some() { Source::Environment } else { Source::File };
                let others = format!("{name}, {file_name} and {command_name}");
                (source, Err(format!("is given more than once. Keep one of {others}.")))
            }
        }
    }
}

fn read(path: &Path, file_name: &str) -> Result<String, String> {
    let text = std::fs::read_to_string(path)
        .map_err(|error| format!("cannot be read from the file that {file_name} names: {error}."))?;
    let text = text.trim();
    if text.is_empty() {
        Err(format!("is empty in the file that {file_name} names."))
    } else {
        Ok(text.to_owned())
    }
}

/// What a shell's command writes: so that any service that keeps keys can give one. What it says besides is not repeated,
/// because it may quote a secret.
fn ask(line: &str, command_name: &str) -> Result<String, String> {
    let mut asked = Command::new("sh")
        .args(["-c", line])
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .map_err(|error| format!("cannot be asked of the command in {command_name}: {error}."))?;
    let mut out = asked.stdout.take().expect("it is piped").take(COMMAND_BYTES);
    let (done, said) = mpsc::channel();
    thread::spawn(move || {
        let mut text = String::new();
        let read = out.read_to_string(&mut text).map(|_| text);
        let _nobody_waits = done.send(read);
    });
    let said = said.recv_timeout(COMMAND_TIME);
    if said.is_err() {
        let _gone = asked.kill();
    }
    let status = asked
        .wait()
        .map_err(|error| format!("cannot be asked of the command in {command_name}: {error}."))?;
    match said {
        Err(_) => Err(format!(
            "was not given within {} seconds by the command in {command_name}.",
            COMMAND_TIME.as_secs()
        )),
        Ok(Err(_)) => Err(format!("is no text in what the command in {command_name} writes.")),
        Ok(Ok(_)) if !status.success() => {
            Err(format!("was not given: the command in {command_name} ended with {status}."))
        }
        Ok(Ok(text)) if text.trim().is_empty() => {
            Err(format!("is empty in what the command in {command_name} writes."))
        }
        Ok(Ok(text)) => Ok(text.trim().to_owned()),
    }
}
