//! The benchmarks: `cargo run --release -p bench -- <name>`. Each prints a table and writes its figures as JSON under
//! `target/bench/`. Everything runs on this machine's loopback, bounded in time and count; no figure is asserted.
#![expect(clippy::print_stdout, reason = "a command line speaks to a person")]

mod balancer;
mod business;
mod faults;
mod fleet;
mod load;
mod memory;
mod pages;
mod peer;
mod process;
mod report;
mod sandbox_speed;
mod scene;
mod service;

use clap::{Parser, Subcommand};

/// Measures Annex and what it stands on.
#[derive(Debug, Parser)]
#[command(name = "bench")]
struct Cli {
    /// A form of a few seconds, to see that it works: its figures say nothing.
    #[arg(long, global = true)]
    short: bool,
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Clone, Copy, Subcommand)]
enum What {
    /// How fast the sandbox answers, and what a million contacts weigh.
    Sandbox,
    /// Whether the service's memory grows with the number of links, up to a million.
    Memory,
    /// What goes wrong in life, as often as it takes: all of it, or one part.
    Faults {
        /// Which part.
        part: Option<faults::Part>,
    },
    /// What an event costs, and a page, as businesses become more: up to ten thousand.
    Fleet,
    /// How fast every page answers among ten thousand businesses and a million links, and how large it is.
    Pages,
    /// The sandbox as a process of its own; the other benchmarks start it.
    #[command(hide = true)]
    ServeSandbox,
    /// The service as a process of its own, likewise.
    #[command(hide = true)]
    ServeAnnex,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let cli = Cli::parse();
    match cli.what {
        What::Sandbox => sandbox_speed::run(cli.short).await,
        What::Memory => Box::pin(memory::run(cli.short)).await,
        What::Faults { part } => Box::pin(faults::run(part, cli.short)).await,
        What::Fleet => Box::pin(fleet::run(cli.short)).await,
        What::Pages => Box::pin(pages::run(cli.short)).await,
        What::ServeSandbox => peer::serve_sandbox().await,
        What::ServeAnnex => service::serve_annex().await,
    }
}
