//! Schedules on every clock of the world: each zone of the database, twenty years of its clock changes. Nothing is
//! skipped, nothing is doubled, and about-days are right at midnight.

use afterrun_rules::{
    TimedEvent,
    chart::{Chart, Event},
    schedule::{Schedule, date_exists, instant},
};
use chrono::{DateTime, Datelike, NaiveDate, NaiveTime, TimeDelta, TimeZone, Utc, Weekday};
use chrono_tz::{TZ_VARIANTS, Tz};

const FROM: NaiveDate = NaiveDate::from_ymd_opt(2010, 1, 1).unwrap();
const UNTIL: NaiveDate = NaiveDate::from_ymd_opt(2031, 1, 1).unwrap();

#[expect(clippy::unwrap_used, reason = "a helper that fails ends its test")]
fn time(text: &str) -> NaiveTime {
    NaiveTime::parse_from_str(text, "%H:%M").unwrap()
}

#[expect(clippy::unwrap_used, reason = "a helper that fails ends its test")]
fn date(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

/// The days within `reach` of each change of a zone's clock, by its offset at noon.
fn days_around_changes(zone: Tz, reach: i64) -> Vec<NaiveDate> {
    let offset = |day: NaiveDate| {
        use chrono::Offset;
        zone.offset_from_utc_datetime(&day.and_time(time("12:00"))).fix().local_minus_utc()
    };
    let mut days = Vec::new();
    // No zone has changed its clock twice within these few days; a change there and back would change nothing here.
    let mut from = FROM;
    while from < UNTIL {
        let until = from + TimeDelta::days(5);
        if offset(from) != offset(until) {
            let changed = from.iter_days().skip(1).find(|day| offset(*day) != offset(from)).unwrap_or(until);
            days.extend((-reach..=reach).map(|near| changed + TimeDelta::days(near)));
        }
        from = until;
    }
    days.sort();
    days.dedup();
    days
}

/// Every date a schedule names, and no other, has one instant, in order, whose local date is that date.
#[track_caller]
fn check(zone: Tz, name: &str, schedule: &Schedule, days: &[NaiveDate], due: impl Fn(NaiveDate) -> bool) {
    let mut last: Option<DateTime<Utc>> = None;
    for day in days {
        let on = schedule.on(*day, FROM);
        assert_eq!(on.is_some(), due(*day), "{zone} {name} {day}");
        let Some(wall) = on else { continue };
        let at = instant(zone, day.and_time(wall));
        let local = at.with_timezone(&zone).naive_local();
        if date_exists(zone, *day) && local.time() == NaiveTime::MIN && wall > NaiveTime::MIN {
            // A gap that begins before midnight and ends at it, as in Nuuk: the first valid minute is the next day's.
            assert_eq!(local.date(), *day + TimeDelta::days(1), "{zone} {name} {day}");
        } else if date_exists(zone, *day) {
            assert_eq!(local.date(), *day, "{zone} {name}: the date of {day} {wall} became {local}");
        } else {
            assert!(local.date() > *day, "{zone} {name}: {day} does not exist, yet {local}");
        }
        // The time is the wall time, or the first minute after the gap that swallowed it.
        if local != day.and_time(wall) {
            let before = (at - TimeDelta::seconds(1)).with_timezone(&zone).naive_local();
            assert!(
                before < day.and_time(wall) && day.and_time(wall) < local,
                "{zone} {name}: {day} {wall}, {local}"
            );
        }
        assert!(last.is_none_or(|last| last <= at), "{zone} {name}: {day} lies before the day before");
        last = Some(at);
        // Asked from just before, it is the next; asked at it, it is over.
        assert_eq!(
            schedule.next_after(at - TimeDelta::seconds(1), zone, FROM),
            Some(at),
            "{zone} {name} {day}"
        );
        assert!(schedule.next_after(at, zone, FROM).is_some_and(|next| next > at), "{zone} {name} {day}");
    }
}

#[test]
fn every_zone_and_every_change_of_its_clock() {
    let morning = Schedule::Daily { at: time("07:00") };
    let small_hours = ["00:00", "00:30", "01:30", "02:00", "02:30", "03:00", "23:59"];
    let others: Vec<(String, Schedule)> =
        small_hours.iter().map(|at| (format!("daily {at}"), Schedule::Daily { at: time(at) })).collect();
    let third = Schedule::EveryDays { days: 3, at: time("02:30") };
    let sundays = Schedule::cron("0 30 2 * * Sun").expect("a schedule");
    let twice = Schedule::cron("0 0 2,14 * * *").expect("a schedule");
    let mut changes = 0;
    for zone in TZ_VARIANTS {
        let days = days_around_changes(zone, 1);
        let week = days_around_changes(zone, 3);
        changes += days.len() / 3;
        check(zone, "daily 07:00", &morning, &days, |_| true);
        for (name, schedule) in &others {
            check(zone, name, schedule, &days, |_| true);
        }
        check(zone, "every third day", &third, &week, |day| (day - FROM).num_days() % 3 == 0);
        check(zone, "Sundays", &sundays, &week, |day| day.weekday() == Weekday::Sun);
        // A cron expression that fires twice a day counts once, at its first time.
        check(zone, "twice a day", &twice, &days, |_| true);
    }
    assert!(changes > 3_000, "{changes} changes");
}

/// Walks instant by instant, as the daemon does, over whole years in a few zones: one occurrence for each date.
#[test]
fn one_after_the_other_over_years() {
    let zones = [
        Tz::Europe__London,
        Tz::America__Chicago,
        Tz::Australia__Lord_Howe,
        Tz::Pacific__Apia,
        Tz::Asia__Gaza,
        Tz::America__Sao_Paulo,
        Tz::Africa__Cairo,
        Tz::Antarctica__Troll,
    ];
    for zone in zones {
        for at in ["00:00", "02:30", "07:00"] {
            let schedule = Schedule::Daily { at: time(at) };
            let (first, last) = (date("2011-01-01"), date("2014-01-01"));
            let mut now = instant(zone, first.and_time(NaiveTime::MIN)) - TimeDelta::seconds(1);
            let mut days = Vec::new();
            while let Some(next) = schedule.next_after(now, zone, first) {
                assert!(next > now, "{zone} {at}");
                let day = next.with_timezone(&zone).date_naive();
                if day >= last {
                    break;
                }
                days.push(day);
                now = next;
            }
            let mut expected: Vec<NaiveDate> = first
                .iter_days()
                .take_while(|day| *day < last)
                .filter(|day| date_exists(zone, *day))
                .collect();
            expected.dedup();
            days.dedup();
            assert_eq!(days, expected, "{zone} {at}");
        }
    }
}

#[test]
fn a_date_that_a_zone_skips_whole() {
    for (zone, day) in [
        (Tz::Pacific__Apia, "2011-12-30"),
        (Tz::Pacific__Fakaofo, "2011-12-30"),
        (Tz::Pacific__Kwajalein, "1993-08-21"),
    ] {
        assert!(!date_exists(zone, date(day)), "{zone} {day}");
        for near in [-1, 1] {
            assert!(date_exists(zone, date(day) + TimeDelta::days(near)), "{zone} {day} {near:+}");
        }
    }
}

/// Somebody who lives by `zone`, at a local wall time.
fn local_date(zone: Tz, day: &str, wall: &str) -> NaiveDate {
    let at = instant(zone, date(day).and_time(time(wall)));
    Chart::new("p".into(), zone, at - TimeDelta::days(1)).local_date(at)
}

#[test]
fn the_date_is_the_runners_own_from_midnight_on() {
    let zones = [
        Tz::Pacific__Kiritimati,  // +14
        Tz::Pacific__Pago_Pago,   // -11
        Tz::Asia__Kolkata,        // +5:30
        Tz::Asia__Kathmandu,      // +5:45
        Tz::Pacific__Chatham,     // +12:45, with summer time
        Tz::Australia__Lord_Howe, // half an hour of summer time
        Tz::Pacific__Apia,
    ];
    for zone in zones {
        for day in ["2026-01-01", "2026-03-29", "2028-02-29", "2011-12-29", "2011-12-31"] {
            for wall in ["00:00", "00:40", "12:00", "23:59"] {
                assert_eq!(local_date(zone, day, wall), date(day), "{zone} {day} {wall}");
            }
        }
    }
}

#[test]
fn a_move_to_another_zone_counts_from_when_it_is_known() {
    let noon: DateTime<Utc> = date("2026-05-05").and_time(time("12:00")).and_utc();
    let mut chart = Chart::new("p".into(), Tz::Pacific__Pago_Pago, noon - TimeDelta::days(2));
    assert_eq!(chart.local_date(noon), date("2026-05-05"));
    chart.apply(&TimedEvent { at: noon, event: Event::TimeZone { time_zone: Tz::Pacific__Kiritimati } });
    assert_eq!(chart.local_date(noon - TimeDelta::seconds(1)), date("2026-05-05"));
    assert_eq!(chart.local_date(noon), date("2026-05-06"));
}
