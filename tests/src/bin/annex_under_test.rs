//! The `annex` binary under a name of this package: Cargo tells tests only where their own binaries are, and
//! one of them kills this process.

use std::process::ExitCode;

fn main() -> ExitCode {
    server::cli::main()
}
