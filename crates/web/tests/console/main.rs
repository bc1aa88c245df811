//! The console as a browser sees it: a real store in memory, requests in, HTML and recorded events out.

#[cfg(test)]
#[path = "../pages/support/book.rs"]
mod book;
#[cfg(test)]
mod clinic;
#[cfg(test)]
mod forged;
#[cfg(test)]
mod looking_after;
#[cfg(test)]
mod rules_folder;
#[cfg(test)]
mod rules_pages;
#[cfg(test)]
mod signing_in;
