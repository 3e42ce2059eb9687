//! The `annex` binary: everything it does stands in the library, so that tests can run it under another name.

use std::process::ExitCode;

fn main() -> ExitCode {
    server::cli::main()
}
