//! What can go wrong in life, as often as it takes to believe the result: replicas killed under load and at the worst moment,
//! a token that everybody wants at once, a neighbour with more work than all others, ten thousand businesses at rest. Each
//! prints what it counted; what must be zero is counted like the rest.

mod fairness;
mod idle;
mod kills;
mod moments;
mod refresh;

use clap::ValueEnum;

use crate::report::Report;

/// Which part of it.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum Part {
    /// One of three replicas killed, again and again, under events and a backfill.
    Kills,
    /// A process killed between a provider's acceptance and our commit, for each kind of write.
    Moments,
    /// An expired token that sixteen want at once, in four processes.
    Refresh,
    /// A single change beside a neighbour's hundred thousand.
    Fairness,
    /// Ten thousand businesses at rest.
    Idle,
}

/// Takes the figures of one part, or of all.
///
/// # Errors
/// A process does not start, or what is worked at does not end.
pub(crate) async fn run(part: Option<Part>, short: bool) -> anyhow::Result<()> {
    let parts = part.map_or_else(|| Part::value_variants().to_vec(), |part| vec![part]);
    for part in parts {
        match part {
            Part::Kills => of(kills::run(short, &mut Report::new("faults-kills"))).await?,
            Part::Moments => of(moments::run(short, &mut Report::new("faults-moments"))).await?,
            Part::Refresh => of(refresh::run(short, &mut Report::new("faults-refresh"))).await?,
            Part::Fairness => of(fairness::run(short, &mut Report::new("faults-fairness"))).await?,
            Part::Idle => of(idle::run(short, &mut Report::new("faults-idle"))).await?,
        }
    }
    Ok(())
}

/// Each is large, and only one goes on at a time.
async fn of(part: impl Future<Output = anyhow::Result<()>>) -> anyhow::Result<()> {
    Box::pin(part).await
}
