//! The runner's pages as a browser sees them: requests in, HTML and recorded events out.

#[cfg(test)]
mod address_confirm;
#[cfg(test)]
mod check_in;
#[cfg(test)]
mod frame;
#[cfg(test)]
mod links;
#[cfg(test)]
mod my_page;
#[cfg(test)]
mod outcome;
#[cfg(test)]
mod stop;
#[cfg(test)]
mod support;
