//! The binary: see [`domesday::cli`].

use std::process::ExitCode;

fn main() -> ExitCode {
    domesday::cli::main()
}
