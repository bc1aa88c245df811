//! Runners and runs from files: preview, mistakes by line, all or nothing, no positions kept.

use afterrun_tests::{daemon::Clinic, story::local};

use super::sample::*;

const RUNNERS: &str = "name,email,time_zone,units,confirmed\n\
    Sam Runner,sam@runner.example,Europe/London,kilometres,yes\n\
    \"Berg, Zoë\",zoe@runner.example,,,\n";

fn with_sam() -> Clinic {
    let clinic = Clinic::new(None);
    let arguments = ["patient", "add", "--name", "Sam", "--email", "sam@runner.example", "--confirmed"];
    // Long enough ago for a run to be too old.
    clinic.run(local("2026-02-20", "10:00"), &[&arguments[..], &["--time-zone", "Europe/London"]].concat());
    clinic
}

#[test]
fn runners_are_shown_first_and_then_enrolled() {
    let clinic = Clinic::new(None);
    let path = file(&clinic, "runners.csv", RUNNERS);
    let shown = clinic.run(friday(), &["patient", "import", &path]);
    assert_eq!(
        shown,
        "line 2: Sam Runner <sam@runner.example>, Europe/London\n\
         line 3: Berg, Zoë <zoe@runner.example>, America/Chicago, asked to confirm the address\n\
         would enrol 2 runners; nothing has been changed, `--yes` does it"
    );
    assert_eq!(clinic.run(friday(), &["patient", "list"]), "");
    assert_eq!(clinic.run(friday(), &["patient", "import", &path, "--yes"]), "enrolled 2 runners");
    let list = clinic.run(friday(), &["patient", "list"]);
    assert_eq!(list.lines().count(), 2, "{list}");
    let waiting = messages(&clinic);
    assert_eq!(waiting.len(), 1, "only the one who has not confirmed is asked to");
    assert_eq!(waiting[0].mail.as_ref().unwrap().recipient, "zoe@runner.example");
    let again = clinic.try_run(friday(), &["patient", "import", &path, "--yes"]);
    assert_eq!(again.status.code(), Some(1));
    assert_eq!(
        stdout(&again),
        "line 2: a runner with this address is enrolled already\n\
         line 3: a runner with this address is enrolled already\nnothing has been changed\n"
    );
}

#[test]
fn every_mistake_of_a_file_is_named_and_nothing_taken() {
    let clinic = Clinic::new(None);
    let path = file(
        &clinic,
        "runners.csv",
        "name,email,time_zone,units,confirmed,language\n\
         Sam,sam@runner.example,Europe/London,miles,yes,en\n\
         ,ann@runner.example,,,,\n\
         Bob,bob@@runner.example,,,,\n\
         Cid,SAM@runner.example,,,,\n\
         Dan,dan@runner.example,London,,,\n\
         Eve,eve@runner.example,,yards,,\n\
         Fay,fay@runner.example,,,maybe,\n\
         Gus,gus@runner.example,,,,en_GB!\n\
         Hal,hal@runner.example\n",
    );
    let refused = clinic.try_run(friday(), &["patient", "import", &path, "--yes"]);
    assert_eq!(refused.status.code(), Some(1));
    assert_eq!(
        stdout(&refused),
        "line 3: `name` is empty\n\
         line 4: an address has exactly one @\n\
         line 5: the same address is in line 2\n\
         line 6: `London` is no time zone: write it like `Europe/London`\n\
         line 7: `yards` is no unit: write `miles` or `kilometres`\n\
         line 8: `maybe` in `confirmed`: write `yes` or `no`\n\
         line 9: `en_GB!` is no language: write it like `en` or `de-CH`\n\
         line 10: 2 cells where the header has 6: is there a comma that belongs into quotes?\n\
         nothing has been changed\n"
    );
    assert_eq!(clinic.run(friday(), &["patient", "list"]), "");
    let path = file(&clinic, "other.csv", "name,mail\nSam,sam@runner.example\n");
    let refused = clinic.try_run(friday(), &["patient", "import", &path]);
    assert_eq!(refused.status.code(), Some(2));
    assert!(stderr(&refused).contains("line 1: no column is called `mail`"), "{}", stderr(&refused));
}

#[test]
fn runs_come_from_a_table() {
    let clinic = with_sam();
    let path = file(
        &clinic,
        "runs.csv",
        "patient;started;distance;race;minutes\n\
         sam@runner.example;2026-03-27T08:00;;half-marathon;120\n\
         sam@runner.example;2026-03-25 18:00;5.5km;;\n\
         sam@runner.example;2026-03-27T08:01;21.2km;;\n",
    );
    let shown = clinic.run(friday(), &["run", "import", &path]);
    assert!(shown.starts_with("1 run known already\nline 2: "), "{shown}");
    assert!(shown.ends_with("would log 2 runs; nothing has been changed, `--yes` does it"), "{shown}");
    assert_eq!(
        clinic.run(friday(), &["run", "import", &path, "--yes"]),
        "1 run known already\nlogged 2 runs"
    );
    let show = clinic.run(friday(), &["patient", "show", "sam@runner.example"]);
    assert!(show.contains("runs (2)"), "{show}");
    assert!(show.contains("recovery-plan"), "what follows from a run is decided: {show}");
    assert_eq!(
        clinic.run(friday(), &["run", "import", &path, "--yes"]),
        "3 runs known already\nlogged 0 runs"
    );
}

#[test]
fn runs_with_mistakes_are_refused_whole() {
    let clinic = with_sam();
    let path = file(
        &clinic,
        "runs.csv",
        "patient,started,distance,race,minutes\n\
         sam@runner.example,2026-03-27T08:00,10km,,\n\
         nobody@runner.example,2026-03-27T08:00,10km,,\n\
         sam@runner.example,yesterday,10km,,\n\
         sam@runner.example,2026-03-26T08:00,10,,\n\
         sam@runner.example,2026-03-26T08:00,10km,marathon-ish,\n\
         sam@runner.example,2026-03-01T08:00,10km,,\n\
         sam@runner.example,2026-03-26T08:00,10km,,long\n",
    );
    let refused = clinic.try_run(friday(), &["run", "import", &path, "--yes"]);
    assert_eq!(refused.status.code(), Some(1), "{}", stderr(&refused));
    let told = stdout(&refused);
    let lines: Vec<_> =
        told.lines().map(|line| line.split_once(": ").map_or(line, |(line, _)| line)).collect();
    assert_eq!(
        lines,
        ["line 3", "line 4", "line 5", "line 6", "line 7", "line 8", "nothing has been changed"]
    );
    assert!(told.contains("line 5: `distance`: `10`: miles or kilometres?"), "{told}");
    assert!(told.contains("more than 14 days ago"), "{told}");
    assert!(clinic.run(friday(), &["patient", "show", "sam@runner.example"]).contains("runs (0)"));
}

/// A FIT file of one session, with a record that holds a position.
fn fit(seconds_since_1990: u32, metres: u32) -> Vec<u8> {
    let mut records: Vec<u8> = vec![0x40, 0, 0, 20, 0, 2, 0, 4, 0x85, 1, 4, 0x85, 0];
    records.extend(614_321_987_i32.to_le_bytes());
    records.extend((-1_512_345_i32).to_le_bytes());
    records.extend([0x41, 0, 0, 18, 0, 4, 2, 4, 0x86, 5, 1, 0x00, 8, 4, 0x86, 9, 4, 0x86, 1]);
    records.extend(seconds_since_1990.to_le_bytes());
    records.push(1);
    records.extend(1_800_000_u32.to_le_bytes());
    records.extend((metres * 100).to_le_bytes());
    let mut file = vec![14, 0x20, 0x54, 0x08];
    file.extend((records.len() as u32).to_le_bytes());
    file.extend(*b".FIT\0\0");
    file.extend(records);
    file.extend([0, 0]);
    file
}

fn gpx(day: &str) -> String {
    let points: String = (0..60)
        .map(|minute| {
            format!(
                "<trkpt lat=\"{:.4}\" lon=\"-0.1234567\"><time>{day}T18:{minute:02}:00Z</time></trkpt>",
                51.4321 + f64::from(minute) * 0.0015
            )
        })
        .collect();
    format!(
        "<gpx version=\"1.1\" creator=\"t\" xmlns=\"http://www.topografix.com/GPX/1/1\"><trk><name>Home lane</name>\
         <trkseg>{points}</trkseg></trk></gpx>"
    )
}

fn tcx(day: &str) -> String {
    format!(
        "<TrainingCenterDatabase><Activities><Activity Sport=\"Running\"><Id>{day}T06:00:00Z</Id>\
         <Lap StartTime=\"{day}T06:00:00Z\"><TotalTimeSeconds>1800</TotalTimeSeconds>\
         <DistanceMeters>6000</DistanceMeters><Track><Trackpoint><Position><LatitudeDegrees>51.4321</LatitudeDegrees>\
         <LongitudeDegrees>-0.1234567</LongitudeDegrees></Position></Trackpoint></Track></Lap></Activity></Activities>\
         </TrainingCenterDatabase>"
    )
}

#[test]
fn files_of_watches_become_runs_without_positions() {
    let clinic = with_sam();
    let start = local("2026-03-24", "07:00").timestamp() - 631_065_600;
    let files = [
        file(&clinic, "a.fit", fit(start as u32, 5_000)),
        file(&clinic, "b.gpx", gpx("2026-03-25")),
        file(&clinic, "c.tcx", tcx("2026-03-26")),
        // The same run as the first, from another device.
        file(&clinic, "d.fit", fit(start as u32 + 60, 5_050)),
    ];
    let files: Vec<&str> = files.iter().map(String::as_str).collect();
    let import = [&["run", "import"][..], &files, &["--patient", "sam@runner.example"]].concat();
    let shown = clinic.run(friday(), &import);
    assert!(shown.contains("would log 3 runs"), "{shown}");
    assert!(!shown.contains("51.4"), "{shown}");
    let logged = clinic.run(friday(), &[&import[..], &["--yes"]].concat());
    assert_eq!(logged, "1 run known already\nlogged 3 runs");
    let show = clinic.run(friday(), &["patient", "show", "sam@runner.example"]);
    for run in
        ["2026-03-24T07:00:00", "5.0 km", "2026-03-25T18:00:00", "9.8 km", "2026-03-26T06:00:00", "6.0 km"]
    {
        assert!(show.contains(run), "{run}: {show}");
    }
    let bytes = bytes_on_disk(&clinic);
    let latitude = 614_321_987_i32;
    let planted: [&[u8]; 6] = [
        b"51.43",
        b"0.1234567",
        b"Home lane",
        b"614321987",
        &latitude.to_le_bytes(),
        &latitude.to_be_bytes(),
    ];
    for planted in planted {
        assert!(!holds(&bytes, planted), "{}", String::from_utf8_lossy(planted));
    }
}

#[test]
fn a_file_that_is_no_run_is_named_and_nothing_taken() {
    let clinic = with_sam();
    let good = file(&clinic, "good.tcx", tcx("2026-03-26"));
    let bomb = file(
        &clinic,
        "bomb.gpx",
        "<!DOCTYPE gpx [<!ENTITY a \"aaaaaaaaaa\"><!ENTITY b \"&a;&a;&a;&a;\">]><gpx>&b;</gpx>",
    );
    let old = file(&clinic, "old.tcx", tcx("2025-03-26"));
    let import = ["run", "import", &good, &bomb, &old, "--patient", "sam@runner.example", "--yes"];
    let refused = clinic.try_run(friday(), &import);
    assert_eq!(refused.status.code(), Some(1));
    let told = stdout(&refused);
    assert!(told.starts_with("bomb.gpx: the file declares a document type"), "{told}");
    assert!(told.contains("\nold.tcx: ") && told.ends_with("nothing has been changed\n"), "{told}");
    assert!(clinic.run(friday(), &["patient", "show", "sam@runner.example"]).contains("runs (0)"));
    let whose = clinic.try_run(friday(), &["run", "import", &good]);
    assert_eq!(whose.status.code(), Some(2));
    assert!(stderr(&whose).contains("--patient"));
}
