//! What is decided about a chart, and when: the meaning of the rule language, told as small stories.

#[cfg(test)]
mod audit_check_ins;
#[cfg(test)]
mod audit_episodes;
#[cfg(test)]
mod audit_evidence;
#[cfg(test)]
mod audit_found;
#[cfg(test)]
mod audit_properties;
#[cfg(test)]
mod audit_recovery;
#[cfg(test)]
mod audit_urgency;
#[cfg(test)]
mod covering;
mod emergencies;
#[cfg(test)]
mod explained;
#[cfg(test)]
mod failed;
mod golden;
#[cfg(test)]
mod overrides;
#[cfg(test)]
mod properties;
#[cfg(test)]
mod recovering;
#[cfg(test)]
mod semantics_tables;
#[cfg(test)]
mod support;
