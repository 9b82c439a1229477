//! The `weather` program.

use std::process::ExitCode;

fn main() -> ExitCode {
    weather_data_product::cli::main()
}
