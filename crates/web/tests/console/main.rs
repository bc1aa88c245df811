//! The console as a browser sees it: a real store in memory, requests in, HTML and recorded events out.

#[cfg(test)]
mod at_once;
#[cfg(test)]
mod attacks;
#[cfg(test)]
mod audited;
#[cfg(test)]
#[path = "../pages/support/book.rs"]
mod book;
#[cfg(test)]
mod caring;
#[cfg(test)]
mod clinic;
#[cfg(test)]
mod forged;
#[cfg(test)]
mod live;
#[cfg(test)]
mod looking_after;
#[cfg(test)]
mod operating;
#[cfg(test)]
mod resetting;
#[cfg(test)]
mod rules_folder;
#[cfg(test)]
mod rules_pages;
#[cfg(test)]
mod settled;
mod signing_in;
#[cfg(test)]
mod users;
mod waiting;
