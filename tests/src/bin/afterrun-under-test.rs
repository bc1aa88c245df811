//! The `afterrun` program as the tests run it: the same entry, built together with the tests so that it is
//! always of the same state.

use std::process::ExitCode;

fn main() -> ExitCode {
    afterrun::entry::enter()
}
