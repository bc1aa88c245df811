//! What is decided about a chart, and when: the meaning of the rule language, told as small stories.

#[cfg(test)]
mod covering;
#[cfg(test)]
mod golden;
#[cfg(test)]
mod properties;
#[cfg(test)]
mod recovering;
#[cfg(test)]
mod semantics_tables;
#[cfg(test)]
mod support;
