//! Takes a check's page out of its file: the `//!` lines at the top.

/// The page of a file.
#[must_use]
pub fn of(source: &str) -> String {
    let lines = source.lines().map_while(|line| line.strip_prefix("//!"));
    let mut page = String::new();
    for line in lines {
        page.push_str(line.strip_prefix(' ').unwrap_or(line));
        page.push('\n');
    }
    page
}
