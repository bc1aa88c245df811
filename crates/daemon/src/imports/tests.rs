//! Small files of each format, made here.

use super::*;

fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

/// A FIT file with one session; `sport` 1 is running.
pub(super) fn fit(start: DateTime<Utc>, metres: u32, seconds: u32, sport: u8) -> Vec<u8> {
    // Seconds since 1989-12-31T00:00:00Z (FIT protocol, date_time).
    let start = (start.timestamp() - 631_065_600) as u32;
    let mut records: Vec<u8> = Vec::new();
    // Definition of local message 0: a record (20) with a position: latitude (0) and longitude (1) as sint32.
    records.extend([0x40, 0, 0, 20, 0, 2, 0, 4, 0x85, 1, 4, 0x85]);
    records.push(0);
    records.extend(614_000_000_i32.to_le_bytes());
    records.extend((-1_500_000_i32).to_le_bytes());
    // Definition of local message 1: a session (18): start_time 2, sport 5, total_timer_time 8, total_distance 9.
    records.extend([0x41, 0, 0, 18, 0, 4, 2, 4, 0x86, 5, 1, 0x00, 8, 4, 0x86, 9, 4, 0x86]);
    records.push(1);
    records.extend(start.to_le_bytes());
    records.push(sport);
    records.extend((seconds * 1000).to_le_bytes());
    records.extend((metres * 100).to_le_bytes());
    let mut file = vec![14, 0x20, 0x54, 0x08];
    file.extend((records.len() as u32).to_le_bytes());
    file.extend(b".FIT");
    file.extend([0, 0]);
    file.extend(records);
    // A wrong checksum, as some devices write it.
    file.extend([0x12, 0x34]);
    file
}

fn gpx(points: &[(f64, f64, &str)]) -> String {
    let points: String = points
        .iter()
        .map(|(latitude, longitude, time)| {
            format!("<trkpt lat=\"{latitude}\" lon=\"{longitude}\"><time>{time}</time></trkpt>")
        })
        .collect();
    format!(
        "<?xml version=\"1.0\"?><gpx version=\"1.1\" creator=\"test\" xmlns=\"http://www.topografix.com/GPX/1/1\">\
         <trk><trkseg>{points}</trkseg></trk></gpx>"
    )
}

fn tcx(sport: &str) -> String {
    format!(
        "<TrainingCenterDatabase xmlns=\"http://www.garmin.com/xmlschemas/TrainingCenterDatabase/v2\"><Activities>\
         <Activity Sport=\"{sport}\"><Id>2026-03-27T08:00:00Z</Id>\
         <Lap StartTime=\"2026-03-27T08:00:05.000Z\"><TotalTimeSeconds>1500.4</TotalTimeSeconds>\
         <DistanceMeters>5000</DistanceMeters><Track><Trackpoint><Position><LatitudeDegrees>51.5</LatitudeDegrees>\
         </Position><DistanceMeters>4999</DistanceMeters></Trackpoint></Track></Lap>\
         <Lap StartTime=\"2026-03-27T08:25:00Z\"><TotalTimeSeconds>1500</TotalTimeSeconds>\
         <DistanceMeters>5012.5</DistanceMeters></Lap></Activity></Activities></TrainingCenterDatabase>"
    )
}

#[test]
fn fit_gives_the_totals_of_its_sessions() {
    let one = fit(at("2026-03-27T08:00:00Z"), 21_097, 6_300, 1);
    let expected =
        Recorded { started_at: at("2026-03-27T08:00:00Z"), distance_m: 21_097.0, duration_s: Some(6_300) };
    assert_eq!(read(&one), Ok(vec![expected]));
    let chained = [one.clone(), fit(at("2026-03-29T08:00:00Z"), 5_000, 1_500, 1)].concat();
    assert_eq!(read(&chained).unwrap().len(), 2);
    let cycling = fit(at("2026-03-27T08:00:00Z"), 21_097, 6_300, 2);
    assert_eq!(read(&cycling), Err(Unusable::NoRun(": it holds another sport")));
    for cut in 12..one.len() - 2 {
        assert!(
            matches!(read(&one[..cut]), Err(Unusable::Broken { format: "FIT", .. } | Unusable::NoRun(_))),
            "{cut}"
        );
    }
}

#[test]
fn gpx_is_measured_without_jumps_and_pauses() {
    // A thousandth of a degree of latitude is 111.2 m: here in 30 s each, then a jump, then a long rest.
    let points = [
        (51.500, -0.1, "2026-03-27T08:00:00Z"),
        (51.501, -0.1, "2026-03-27T08:00:30Z"),
        (51.502, -0.1, "2026-03-27T08:01:00Z"),
        (51.600, -0.1, "2026-03-27T08:01:10Z"),
        (51.601, -0.1, "2026-03-27T08:01:40Z"),
        (51.602, -0.1, "2026-03-27T08:31:40Z"),
    ];
    let found = read(gpx(&points).as_bytes()).unwrap();
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].started_at, at("2026-03-27T08:00:00Z"));
    assert!((found[0].distance_m - 333.6).abs() < 0.5, "{}", found[0].distance_m);
    assert_eq!(found[0].duration_s, Some(90));
}

#[test]
fn tcx_adds_up_its_laps() {
    let expected =
        Recorded { started_at: at("2026-03-27T08:00:00Z"), distance_m: 10_012.5, duration_s: Some(3_000) };
    assert_eq!(read(tcx("Running").as_bytes()), Ok(vec![expected]));
    assert_eq!(read(tcx("Biking").as_bytes()), Err(Unusable::NoRun(": it holds another sport")));
}

#[test]
fn what_no_watch_writes_is_refused() {
    let deep = format!("{}{}", "<gpx>".repeat(50), "</gpx>".repeat(50));
    let bomb =
        "<?xml version=\"1.0\"?><!DOCTYPE gpx [<!ENTITY a \"aaaa\"><!ENTITY b \"&a;&a;\">]><gpx>&b;</gpx>";
    let nowhere = gpx(&[(251.5, 0.0, "2026-03-27T08:00:00Z"), (251.6, 0.0, "2026-03-27T08:09:00Z")]);
    let not_a_number = tcx("Running").replace("5012.5", "NaN");
    let cases: [(&[u8], &str); 12] = [
        (b"", "this is no FIT, GPX or TCX file"),
        (b"date,distance\n", "this is no FIT, GPX or TCX file"),
        (b"<html></html>", "this is no FIT, GPX or TCX file"),
        (b"\xff\xfe\x00", "this is no FIT, GPX or TCX file"),
        (b"\x1f\x8b\x08", "the file is compressed: unpack it first"),
        (b"PK\x03\x04", "the file is compressed: unpack it first"),
        (bomb.as_bytes(), "the file declares a document type or is nested too deeply, which no watch does"),
        (deep.as_bytes(), "the file declares a document type or is nested too deeply, which no watch does"),
        (b"<gpx version=\"1.1\"><trk>", "this is no sound XML file: it ends in the middle"),
        (b"<gpx version=\"1.1\"></gpx>", "there is no run in the file: no track has points with times"),
        (nowhere.as_bytes(), "this is no sound GPX file: a position is outside the earth"),
        (not_a_number.as_bytes(), "this is no sound TCX file: a lap's total is no number"),
    ];
    for (bytes, expected) in cases {
        assert_eq!(read(bytes).unwrap_err().to_string(), expected, "{}", String::from_utf8_lossy(bytes));
    }
}

#[test]
fn a_run_of_a_few_steps_or_round_the_earth_is_none() {
    for metres in [50, 2_000_000] {
        let file = fit(at("2026-03-27T08:00:00Z"), metres, 60, 1);
        assert_eq!(read(&file), Err(Unusable::NoRun("")), "{metres}");
    }
}
