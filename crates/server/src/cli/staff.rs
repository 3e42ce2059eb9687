//! `annex staff`: accounts that may sign in to the pages.

use std::{
    io::{IsTerminal as _, stdin},
    path::{Path, PathBuf},
    process::ExitCode,
};

use anyhow::Context as _;
use clap::Subcommand;
use secrecy::{ExposeSecret as _, SecretString};
use sync_core::{access::audit::Actor, random::Random};

use super::{RoleName, core};

/// Without letters and digits that look alike. 32 of them: one is exactly five random bits.
const ALPHABET: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";
/// 120 random bits.
const GENERATED_CHARS: usize = 24;

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Make an account. Its password is the first line of stdin, unless it is in a file or made up here.
    Create {
        /// The name to sign in with.
        #[arg(long)]
        login: String,
        /// What it may do.
        #[arg(long, value_enum, default_value = "admin")]
        role: RoleName,
        /// A file whose text is the password.
        #[arg(long, conflicts_with = "generate")]
        password_file: Option<PathBuf>,
        /// Make up a password and print it, this once.
        #[arg(long)]
        generate: bool,
    },
}

pub(super) async fn run(command: Command) -> anyhow::Result<ExitCode> {
    let Command::Create { login, role, password_file, generate } = command;
    let password = match (&password_file, generate) {
        (Some(path), _) => from_file(path)?,
        (None, true) => made_up(&Random::from_system()),
        (None, false) => from_stdin()?,
    };
    core().await?.create_staff(&login, &password, role.into(), &Actor::command_line()).await?;
    if generate {
        println!("{}", password.expose_secret());
        eprintln!("Keep it now: only its hash is stored, so it cannot be shown again.");
    }
    eprintln!("{} can sign in.", login.trim());
    Ok(ExitCode::SUCCESS)
}

fn from_file(path: &Path) -> anyhow::Result<SecretString> {
    let text = std::fs::read_to_string(path)
        .with_context(|| format!("The password cannot be read from {}", path.display()))?;
    Ok(SecretString::from(text.trim_end_matches(['\r', '\n']).to_owned()))
}

fn from_stdin() -> anyhow::Result<SecretString> {
    if stdin().is_terminal() {
        eprintln!("Type the password (12 characters at least; it shows while you type), then Enter:");
    }
    let mut line = String::new();
    stdin().read_line(&mut line).context("The password cannot be read from stdin")?;
    Ok(SecretString::from(line.trim_end_matches(['\r', '\n']).to_owned()))
}

fn made_up(random: &Random) -> SecretString {
    let chars = random.bytes::<GENERATED_CHARS>().map(|byte| char::from(ALPHABET[usize::from(byte % 32)]));
    SecretString::from(chars.iter().collect::<String>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_made_up_password_is_long_readable_and_never_the_same() {
        let random = Random::seeded(1);
        let (one, other) = (made_up(&random), made_up(&random));
        assert_eq!(one.expose_secret().len(), GENERATED_CHARS);
        assert!(one.expose_secret().bytes().all(|b| ALPHABET.contains(&b)));
        assert_ne!(one.expose_secret(), other.expose_secret());
    }
}
