//! FIT, as Garmin and most other watches write it: the totals of each session, and nothing of its records.

use fitparser::{
    FitDataRecord, Value,
    de::{DecodeOption, FitObject, FitStreamProcessor},
    profile::MesgNum,
};

use super::{Recorded, Unusable, seconds};

/// Reads all running sessions; several files may be chained. Checksums are not asked for: devices that write
/// wrong ones are in use.
pub(super) fn read(mut bytes: &[u8]) -> Result<Vec<Recorded>, Unusable> {
    let broken = |why: &dyn std::fmt::Display| Unusable::Broken { format: "FIT", why: why.to_string() };
    let mut stream = FitStreamProcessor::new();
    stream.add_option(DecodeOption::SkipHeaderCrcValidation);
    stream.add_option(DecodeOption::SkipDataCrcValidation);
    let mut runs = Vec::new();
    let mut other_sport = false;
    while !bytes.is_empty() {
        let (rest, found) = stream.deserialize_next(bytes).map_err(|why| broken(&why))?;
        match found {
            FitObject::Crc(..) => stream.reset(),
            FitObject::DataMessage(message) => {
                // Every message has to be decoded, for later times may be told as offsets from earlier ones.
                let record = stream.decode_message(message).map_err(|why| broken(&why))?;
                if record.kind() == MesgNum::Session {
                    match session(&record) {
                        Session::Run(run) => runs.push(run),
                        Session::OtherSport => other_sport = true,
                        Session::Incomplete => {}
                    }
                }
            }
            FitObject::Header(..) | FitObject::DefinitionMessage(..) => {}
        }
        if rest.len() >= bytes.len() {
            return Err(broken(&"it does not come to an end"));
        }
        bytes = rest;
    }
    if runs.is_empty() && other_sport {
        return Err(Unusable::NoRun(": it holds another sport"));
    }
    Ok(runs)
}

enum Session {
    Run(Recorded),
    OtherSport,
    Incomplete,
}

fn session(record: &FitDataRecord) -> Session {
    let value =
        |name: &str| record.fields().iter().find(|field| field.name() == name).map(|field| field.value());
    let number = |name: &str| value(name).cloned().and_then(|value| TryInto::<f64>::try_into(value).ok());
    match value("sport") {
        Some(Value::String(sport)) if sport != "running" => return Session::OtherSport,
        _ => {}
    }
    let (Some(Value::Timestamp(started_at)), Some(distance_m)) =
        (value("start_time"), number("total_distance"))
    else {
        return Session::Incomplete;
    };
    let duration = number("total_timer_time").or_else(|| number("total_elapsed_time"));
    Session::Run(Recorded {
        started_at: started_at.to_utc(),
        distance_m,
        duration_s: duration.and_then(seconds),
    })
}
