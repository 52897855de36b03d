//! The program `eastwest`; all of it is in the library's `cli`.

fn main() -> std::process::ExitCode {
    eastwest::cli::main(std::env::args_os())
}
