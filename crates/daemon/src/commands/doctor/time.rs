//! The clock, and what is known of the world's time zones.

use std::{
    fs,
    io::{BufRead, BufReader},
};

use afterrun_store::Store;
use chrono::{DateTime, TimeDelta, Utc};

use super::Finding;

/// A clock that is behind what it has written by more than this has gone back.
const GONE_BACK: TimeDelta = TimeDelta::minutes(2);
/// Where Debian and most others keep the compiled zones' source, with the version in its first line.
const SYSTEM_ZONES: &str = "/usr/share/zoneinfo/tzdata.zi";
/// Says, where systemd keeps the clock, that it has been set from the network since the start.
const SYNCHRONISED: &str = "/run/systemd/timesync/synchronized";

pub(super) async fn look(store: Option<&dyn Store>, now: DateTime<Utc>) -> Vec<Finding> {
    vec![clock(store, now).await, zones(chrono_tz::IANA_TZDB_VERSION, system_version().as_deref())]
}

async fn clock(store: Option<&dyn Store>, now: DateTime<Utc>) -> Finding {
    let topic = "clock";
    let advice = "set the clock and keep it by the network: `timedatectl set-ntp true`";
    let shown = now.format("%Y-%m-%d %H:%M:%S UTC");
    let written = match store {
        Some(store) => store.audit_log(None, None, 1).await.ok(),
        None => None,
    };
    let newest = written.and_then(|page| page.rows.first().map(|line| line.at));
    match newest {
        Some(newest) if newest > now + GONE_BACK => Finding::bad(
            topic,
            format!("{shown}, but something was recorded at {}", newest.format("%Y-%m-%d %H:%M:%S UTC")),
            advice,
        ),
        _ if fs::exists(SYNCHRONISED).unwrap_or(false) => {
            Finding::well(topic, format!("{shown}, kept by the network"))
        }
        _ => Finding::well(topic, format!("{shown}; compare it with another")),
    }
}

/// The version this machine has, such as `2026a`.
fn system_version() -> Option<String> {
    let mut line = String::new();
    BufReader::new(fs::File::open(SYSTEM_ZONES).ok()?).read_line(&mut line).ok()?;
    Some(line.trim().strip_prefix("# version ")?.to_owned())
}

/// Versions are a year and a letter, so they compare as texts.
fn zones(ours: &str, system: Option<&str>) -> Finding {
    let topic = "time zones";
    match system {
        Some(system) if system > ours => Finding::doubtful(
            topic,
            format!("version {ours} is built in; this machine knows {system}"),
            "install a newer release of Afterrun if one of your runners' zones has changed since",
        ),
        _ => Finding::well(topic, format!("version {ours}, built in")),
    }
}

#[cfg(test)]
mod tests {
    use super::super::Verdict;
    use super::*;

    #[test]
    fn newer_zones_on_the_machine_are_told() {
        let cases = [
            (None, Verdict::Well),
            (Some("2025a"), Verdict::Well),
            (Some("2025b"), Verdict::Well),
            (Some("2025c"), Verdict::Doubtful),
            (Some("2026a"), Verdict::Doubtful),
        ];
        for (system, expected) in cases {
            assert_eq!(zones("2025b", system).verdict, expected, "{system:?}");
        }
    }
}
