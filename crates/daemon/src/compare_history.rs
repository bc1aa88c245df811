//! The clinic's own history as charts to compare rule books over: each told from its enrolment on, up to now.

use afterrun_rules::{Chart, ids::PatientId, replay::ChartFile};
use afterrun_store::{Store, StoreError};
use chrono::{DateTime, Utc};

/// Patients read at a time.
pub(crate) const PAGE: u32 = 200;

/// One chart, with nothing decided in it yet.
pub(crate) async fn chart(
    store: &dyn Store,
    id: &PatientId,
    now: DateTime<Utc>,
) -> Result<ChartFile, StoreError> {
    let known = store.chart(id).await?.chart;
    let zone = known.zones.first().map_or(chrono_tz::Tz::UTC, |(_, zone)| *zone);
    let chart = Chart::new(id.clone(), zone, known.enrolled_at);
    Ok(ChartFile { chart, events: store.events(id).await?, until: Some(now) })
}
