//! How soon the first byte of every page of the console comes, in a clinic with 100,000 runners and two million
//! answers, on a database on disk.
//!
//! Beside it, in the same run, with the same client: a bare axum handler that gives back a page of the same
//! length without asking anybody.

mod support;

use std::{
    net::SocketAddr,
    path::Path,
    sync::Arc,
    time::{Duration, Instant},
};

use afterrun::{
    app::{App, Parts},
    clock::SimulatedClock,
    config::{Config, EditRules},
    reloading::Looked,
};
use afterrun_rules::{BookHash, Event, ids::PatientId};
use afterrun_store::{NewUser, Options, Role, Sqlite, Store};
use afterrun_tests::{crowd, daemon};
use afterrun_web::{Recorder, hash_password};
use anyhow::Context;
use axum::{Router, extract::Path as Asked, routing::get};
use chrono::TimeDelta;
use chrono_tz::Tz;
use rusqlite::{Connection, params};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

use self::support::{at, line, median, number, p99, taker::Taker};

/// What was promised, in milliseconds.
const PROMISED: f64 = 50.0;

/// Answers of each runner.
const ANSWERS: u32 = 20;

/// One in so many runners is on the work-list.
const AT_WORK: usize = 20;

/// Lines of the audit log for each runner.
const LINES: usize = 3;

const EMAIL: &str = "ann@clinic.example";
const PASSWORD: &str = "one two three four five";

fn main() -> anyhow::Result<()> {
    let (runners, times) = (number("RUNNERS", 100_000), number("TIMES", 200));
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    runtime.block_on(measure(runners, times))
}

async fn measure(runners: usize, times: usize) -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let database = folder.path().join("afterrun.db");
    let clock = SimulatedClock::new(at(support::ENROLLED)?);
    let began = Instant::now();
    one_runner(&database, &folder.path().join("rules"), &clock).await?;
    let ids = fill(&database, runners)?;
    let size = std::fs::metadata(&database)?.len() >> 20;
    line("runners", &runners.to_string(), &format!("{} answers each", ANSWERS));
    line("database", &format!("{size} MiB"), &format!("made in {} s", began.elapsed().as_secs()));

    let store: Arc<dyn Store> = Arc::new(Sqlite::open(&database, Options::daemon())?);
    let app = assemble(store.clone(), &folder.path().join("rules"), &clock).await?;
    let ours = serve(app.router()).await?;
    let mut client = Client::sign_in(ours).await?;
    let rules = rules_pages(&mut client, &app, &folder.path().join("rules")).await?;
    let newest = store.messages(None, None, 100).await?.rows;
    let newest = newest.iter().map(|message| format!("/console/messages/{}", message.key.0)).collect();
    let deep =
        store.patients(None, (runners / 200).clamp(1, 500) as u32).await?.next.context("many runners")?;
    let one = |path: &str| vec![path.to_owned()];
    let each = |paths: &dyn Fn(&PatientId) -> String| ids.iter().map(paths).collect::<Vec<_>>();
    let pages = [
        ("work-list", one("/console")),
        ("work-list, nobody's", one("/console?show=unowned")),
        ("work-list, mine", one("/console?show=mine")),
        ("work-list, fell silent", one("/console?show=quiet")),
        ("work-list, mail bounces", one("/console?show=bounced")),
        ("work-list, new", one("/console?show=since")),
        ("work-list, put off", one("/console?show=snoozed")),
        ("runners", one("/console/patients")),
        ("runners, further on", one(&format!("/console/patients?after={deep}"))),
        ("runners, found by address", one("/console/patients?email=many-77@runner.example")),
        ("a runner", each(&|id| format!("/console/patients/{id}"))),
        ("a message", newest),
        ("scorecard", one("/console/scorecard")),
        ("rules, an edit refused", one("/console/rules")),
        ("a message of the rules", one("/console/rules/messages/check-in")),
        ("a message of the rules alone", one("/console/rules/messages/check-in/html")),
        ("history of the rules", one("/console/rules/books")),
        ("a rule book", one(&format!("/console/rules/books/{}", rules.in_force))),
        ("a refused edit", one(&format!("/console/rules/books/{}", rules.refused))),
        ("what a rule book sent", one(&format!("/console/rules/books/{}/messages", rules.before))),
        ("compare", one("/console/rules/compare")),
        ("a comparison", one(&rules.comparison)),
        ("files of the rules", one("/console/rules/edit")),
        ("a file of the rules", one("/console/rules/edit?file=red-flags.ron")),
        ("operations", one("/console/operations")),
        ("users", one("/console/users")),
        ("a user", one("/console/users/1")),
        ("audit log", one("/console/audit")),
        ("audit log, one user", one("/console/audit?user=2")),
        ("my account", one("/console/account")),
        ("sign-in", one("/console/sign-in")),
        ("forgotten password", one("/console/reset")),
    ];
    line("page: first byte", "median", "99 in 100; the very first; a bare handler's median");
    let mut late = Vec::new();
    for (name, paths) in pages {
        let answered = client.ask(&paths, times).await.with_context(|| name.to_owned())?;
        let bare = serve(bare_pages(answered.length)).await?;
        let stream = TcpStream::connect(bare).await?;
        stream.set_nodelay(true)?;
        let mut bare = Client { stream, cookie: client.cookie.clone(), heard: Vec::new() };
        let beside = bare.ask(&["/page/x".to_owned()], times).await?;
        let figures = format!(
            "{:.2} ms; {:.2} ms; {:.2} ms for {} KiB",
            p99(answered.each.clone()),
            answered.first,
            median(beside.each),
            answered.length / 1024
        );
        line(name, &format!("{:.2} ms", median(answered.each.clone())), &figures);
        if p99(answered.each.clone()) > PROMISED || answered.first > PROMISED {
            late.push(name);
        }
    }
    anyhow::ensure!(late.is_empty(), "later than {PROMISED} ms: {}", late.join(", "));
    Ok(())
}

/// What the pages about the rules are asked for.
struct RulesPages {
    before: BookHash,
    in_force: BookHash,
    refused: BookHash,
    comparison: String,
}

/// A history of the rules: an edit that went live, a comparison with a draft, an edit that was refused.
async fn rules_pages(client: &mut Client, app: &App, rules: &Path) -> anyhow::Result<RulesPages> {
    let before = app.turns.rules.current().book.hash;
    let flags = rules.join("red-flags.ron");
    let text = std::fs::read_to_string(&flags)?;
    let edited = text.replace("Pain lasting more than 3 to 5 days", "Pain that stays for days");
    std::fs::write(&flags, edited)?;
    anyhow::ensure!(matches!(app.reloading.look_now().await, Looked::InForce(_)), "the edit is refused");
    let in_force = app.turns.rules.current().book.hash;
    anyhow::ensure!(in_force != before, "nothing was edited");
    // A draft under which everybody is flagged a day later: a comparison with much to show.
    let later = text.replace(
        "after_days: 0, min_reports: 1, send: \"limping",
        "after_days: 1, min_reports: 1, send: \"limping",
    );
    anyhow::ensure!(later != text, "the draft changes nothing");
    let encoded = later.bytes().fold(String::new(), |form, byte| format!("{form}%{byte:02x}"));
    let form = format!("do=compare&file=red-flags.ron&opened=&text={encoded}");
    let comparison = client.post("/console/rules/edit", &form).await?.context("no comparison")?;
    while client.get(&comparison).await?.contains("http-equiv=\"refresh\"") {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    std::fs::write(&flags, text.replace("bridge_silent_days: 2,", "bridge_silent_day: 2,"))?;
    anyhow::ensure!(app.reloading.look_now().await == Looked::Rejected, "a bad edit went live");
    let refused = app.turns.rules.rejected().and_then(|edit| edit.hash).context("it was read")?;
    Ok(RulesPages { before, in_force, refused, comparison })
}

async fn assemble(store: Arc<dyn Store>, rules: &Path, clock: &SimulatedClock) -> anyhow::Result<Arc<App>> {
    let data = rules.parent().context("a folder")?.to_owned();
    let parts = Parts {
        steady: None,
        config: Config {
            rules: rules.to_owned(),
            data,
            edit_rules: EditRules::InConsole,
            ..Config::default()
        },
        store,
        transport: Arc::new(Taker::default()),
        clock: Arc::new(clock.clone()),
        base_url: "http://127.0.0.1:1".to_owned(),
    };
    App::assemble(parts).await
}

/// A runner who has answered each morning, as the daemon itself stores it, and the users of the console.
async fn one_runner(database: &Path, rules: &Path, clock: &SimulatedClock) -> anyhow::Result<()> {
    daemon::copy_folder(&daemon::shipped_rules(), rules);
    let store: Arc<dyn Store> = Arc::new(Sqlite::open(database, Options::daemon())?);
    let app = assemble(store.clone(), rules, clock).await?;
    let mut now = at(support::ENROLLED)?;
    crowd::enrol(&store, 1, &[Tz::UTC], at(support::RAN)?, now).await;
    app.settle(now).await?;
    let runner = store.patients(None, 1).await?.rows.into_iter().next().context("a runner")?.id;
    for day in 0..ANSWERS {
        now = at(support::MORNING)? + TimeDelta::days(i64::from(day));
        clock.set(now);
        app.settle(now).await?;
        let (pain, walking) = (day % 5, if day < 2 { "limp" } else { "normal" });
        let answer = format!(
            r#"{{"answer":{{"check_in":"morning-after","about_day":"{}","values":{{"feeling":"pain","worst_pain":{pain},"swelling":"none","walking":"{walking}"}},"emergencies":[]}}}}"#,
            now.date_naive()
        );
        let answer: Event = serde_json::from_str(&answer)?;
        app.recording.record(&runner, vec![answer]).await?;
        app.settle(now).await?;
    }
    let password_hash = hash_password(PASSWORD).map_err(|why| anyhow::anyhow!("{why}"))?;
    for number in 0..30 {
        let email = if number == 0 { EMAIL.to_owned() } else { format!("user-{number}@clinic.example") };
        let new = NewUser { email, role: Role::Admin, password_hash: password_hash.clone() };
        store.add_user(new, now).await?;
    }
    Ok(())
}

/// As many runners as asked for, each with what the first one has; the ids of some of them.
fn fill(database: &Path, runners: usize) -> anyhow::Result<Vec<PatientId>> {
    let db = Connection::open(database)?;
    db.execute_batch("PRAGMA synchronous = OFF; PRAGMA cache_size = -400000; PRAGMA temp_store = MEMORY;")?;
    let columns = |table: &str, but: &[&str]| -> anyhow::Result<Vec<String>> {
        let mut statement = db.prepare("SELECT name FROM pragma_table_info(?1)")?;
        let names = statement.query_map([table], |row| row.get::<_, String>(0))?;
        let names = names.collect::<rusqlite::Result<Vec<_>>>()?;
        Ok(names.into_iter().filter(|name| !but.contains(&name.as_str())).collect())
    };
    db.execute_batch("BEGIN")?;
    let others = columns("patients", &["key", "id", "name", "email", "email_key", "next_due"])?.join(", ");
    db.execute(
        &format!(
            "INSERT INTO patients (key, id, name, email, email_key, next_due, {others})
             WITH RECURSIVE number (n) AS (SELECT 2 UNION ALL SELECT n + 1 FROM number WHERE n < ?1)
             SELECT n, lower(hex(randomblob(16))), 'Runner ' || n, 'many-' || n || '@runner.example',
                 'many-' || n || '@runner.example', ?2, {others}
             FROM number, (SELECT {others} FROM patients WHERE key = 1)"
        ),
        params![runners as i64, at("2099-01-01T07:00:00Z")?.timestamp_micros()],
    )?;
    let many = "(SELECT key AS n FROM patients WHERE key > 1)";
    for table in ["events", "check_ins"] {
        let others = columns(table, &["patient"])?.join(", ");
        db.execute(
            &format!("INSERT INTO {table} (patient, {others}) SELECT n, {others} FROM {many}, {table} WHERE patient = 1"),
            [],
        )?;
    }
    // Rows with numbers of their own are numbered by runner.
    let numbered = "n * 1000 + ";
    for (table, key) in [("messages", "key"), ("work_items", "id")] {
        let others = columns(table, &[key, "patient"])?.join(", ");
        db.execute(
            &format!(
                "INSERT INTO {table} ({key}, patient, {others})
                 SELECT {numbered}{key}, n, {others} FROM {many}, {table} WHERE patient = 1"
            ),
            [],
        )?;
    }
    for table in ["mails", "attempts"] {
        let others = columns(table, &["message"])?.join(", ");
        db.execute(
            &format!(
                "INSERT INTO {table} (message, {others})
                 SELECT {numbered}message, {} FROM {many}, {table}
                 WHERE message IN (SELECT key FROM messages WHERE patient = 1)",
                // Long texts only fill the disk here.
                others.replace("bytes", "x'0d0a'")
            ),
            [],
        )?;
    }
    let others = columns("work_list", &["patient", "open", "item"])?.join(", ");
    db.execute(
        &format!(
            "INSERT INTO work_list (patient, open, item, {others})
             SELECT n, n % ?1 = 0, {numbered}item, {others} FROM {many}, work_list WHERE patient = 1"
        ),
        [AT_WORK as i64],
    )?;
    db.execute(
        "INSERT INTO audit (at, actor, action, subject)
         SELECT p.enrolled_at, 'user ' || (p.key % 30 + 1), 'chart-view', p.id FROM patients p,
             (WITH RECURSIVE line (l) AS (SELECT 1 UNION ALL SELECT l + 1 FROM line WHERE l < ?1) SELECT l FROM line)",
        [LINES as i64],
    )?;
    db.execute_batch("COMMIT; ANALYZE; PRAGMA wal_checkpoint(TRUNCATE)")?;
    let mut statement = db.prepare("SELECT id FROM patients WHERE key % ?1 = 7 LIMIT 100")?;
    let ids = statement.query_map([(runners / 100).max(10) as i64], |row| row.get::<_, String>(0))?;
    Ok(ids.map(|id| id.map(PatientId::from)).collect::<rusqlite::Result<_>>()?)
}

async fn serve(router: Router) -> anyhow::Result<SocketAddr> {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
    let address = listener.local_addr()?;
    tokio::spawn(async move {
        axum::serve(listener, router.into_make_service_with_connect_info::<SocketAddr>()).await
    });
    Ok(address)
}

fn bare_pages(length: usize) -> Router {
    let page: Arc<str> = "x".repeat(length).into();
    Router::new().route("/page/{name}", get(move |_: Asked<String>| async move { page.to_string() }))
}

/// A browser that keeps its connection and its cookie, and measures when the first byte comes.
struct Client {
    stream: TcpStream,
    cookie: String,
    heard: Vec<u8>,
}

/// What was measured, in milliseconds.
struct Answered {
    first: f64,
    each: Vec<f64>,
    length: usize,
}

impl Client {
    async fn sign_in(server: SocketAddr) -> anyhow::Result<Self> {
        let stream = TcpStream::connect(server).await?;
        stream.set_nodelay(true)?;
        let mut client = Self { stream, cookie: String::new(), heard: Vec::new() };
        let form = format!("email={EMAIL}&password={}", PASSWORD.replace(' ', "+"));
        let request = format!(
            "POST /console/sign-in HTTP/1.1\r\nHost: {server}\r\nOrigin: http://{server}\r\n\
             Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\r\n{form}",
            form.len()
        );
        client.exchange(&request).await?;
        let head = String::from_utf8_lossy(&client.heard).into_owned();
        let cookie = head.lines().find_map(|line| line.strip_prefix("set-cookie: ")).context("signed in")?;
        client.cookie = cookie.split(';').next().unwrap_or_default().to_owned();
        Ok(client)
    }

    /// The page at a path.
    async fn get(&mut self, path: &str) -> anyhow::Result<String> {
        let request = format!("GET {path} HTTP/1.1\r\nHost: x\r\nCookie: {}\r\n\r\n", self.cookie);
        self.exchange(&request).await?;
        Ok(String::from_utf8_lossy(&self.heard).into_owned())
    }

    /// Posts a form as a page of ours would; where it leads to.
    async fn post(&mut self, path: &str, form: &str) -> anyhow::Result<Option<String>> {
        let account = self.get("/console/account").await?;
        let token = account.split_once("name=\"token\" value=\"").and_then(|(_, rest)| rest.split_once('"'));
        let form = format!("{form}&token={}", token.context("signed in")?.0);
        let request = format!(
            "POST {path} HTTP/1.1\r\nHost: x\r\nOrigin: http://x\r\nCookie: {}\r\n\
             Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\r\n{form}",
            self.cookie,
            form.len()
        );
        self.exchange(&request).await?;
        let head = self.words();
        Ok(head.lines().find_map(|line| line.strip_prefix("location: ")).map(|path| {
            path.find("/console").and_then(|at| path.get(at..)).unwrap_or(path).trim().to_owned()
        }))
    }

    async fn ask(&mut self, paths: &[String], times: usize) -> anyhow::Result<Answered> {
        let mut each = Vec::with_capacity(times);
        let mut length = 0;
        for path in paths.iter().cycle().take(times + 1) {
            let request = format!("GET {path} HTTP/1.1\r\nHost: x\r\nCookie: {}\r\n\r\n", self.cookie);
            let (took, body) = self.exchange(&request).await?;
            anyhow::ensure!(self.heard.starts_with(b"HTTP/1.1 200"), "{path}: {}", self.words());
            let is_closed = self.heard.windows(16).any(|part| part == b"id=\"password\" nam");
            anyhow::ensure!(
                !is_closed || path.ends_with("sign-in") || path.ends_with("account"),
                "{path}: signed out"
            );
            each.push(took.as_secs_f64() * 1e3);
            length = body;
        }
        let first = each.remove(0);
        Ok(Answered { first, each, length })
    }

    /// Sends a request; when the first byte of the answer came, and how long its body is.
    async fn exchange(&mut self, request: &str) -> anyhow::Result<(Duration, usize)> {
        self.heard.clear();
        let began = Instant::now();
        self.stream.write_all(request.as_bytes()).await?;
        let mut took = None;
        loop {
            anyhow::ensure!(self.stream.read_buf(&mut self.heard).await? > 0, "the server hung up");
            let first = *took.get_or_insert_with(|| began.elapsed());
            let Some(end) = self.heard.windows(4).position(|part| part == b"\r\n\r\n") else { continue };
            let head =
                String::from_utf8_lossy(self.heard.get(..end).unwrap_or_default()).to_ascii_lowercase();
            let length = head.lines().find_map(|line| line.strip_prefix("content-length:"));
            let length: usize = length.context("no content-length")?.trim().parse()?;
            if self.heard.len() >= end + 4 + length {
                return Ok((first, length));
            }
        }
    }

    fn words(&self) -> String {
        String::from_utf8_lossy(&self.heard).chars().take(400).collect()
    }
}
