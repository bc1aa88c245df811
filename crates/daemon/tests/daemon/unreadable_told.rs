//! What cannot be read shows where an operator looks: in `afterrun doctor` and in the metrics.

use crate::command_line::{Daemon, check, clinic};

const MONDAY: &str = "2026-05-04T14:00:00Z";
const TUESDAY: &str = "2026-05-05T13:30:00Z";

#[test]
fn doctor_and_metrics_count_what_cannot_be_read() {
    let clinic = clinic();
    let folder = clinic.path();
    for (name, email) in [("Zoe Berg", "zoe@example.org"), ("Ada Lund", "ada@example.org")] {
        let add = ["patient", "add", "--name", name, "--email", email, "--confirmed", "--now", MONDAY];
        check(folder, &add, 0, &[]);
        let run = [
            "run",
            "add",
            email,
            "--race",
            "half-marathon",
            "--started",
            "2026-05-04T06:00",
            "--now",
            MONDAY,
        ];
        check(folder, &run, 0, &[]);
    }
    let mut daemon = Daemon::start(folder, "stdin");
    assert_eq!(daemon.say(MONDAY), format!("settled {MONDAY}"));
    assert!(daemon.get("/metrics").contains("\nafterrun_unreadable 0\n"));
    check(folder, &["doctor", "--no-dns", "--now", MONDAY], 0, &["all that was wanted could be read"]);
    let other = rusqlite::Connection::open(folder.join("data/afterrun.db")).unwrap();
    let zoe: String =
        other.query_row("SELECT id FROM patients WHERE email LIKE 'zoe%'", [], |row| row.get(0)).unwrap();
    other.execute("UPDATE patients SET initial_time_zone = 'Nowhere' WHERE id = ?1", [&zoe]).unwrap();
    assert_eq!(daemon.say(TUESDAY), format!("settled {TUESDAY}"));
    assert!(daemon.get("/metrics").contains("\nafterrun_unreadable 1\n"), "{}", daemon.get("/metrics"));
    let says =
        [&*format!("1 on the work-list about what cannot be read: {zoe}"), "newest backup", "1 to fix"];
    check(folder, &["doctor", "--no-dns", "--now", TUESDAY], 1, &says);
}
