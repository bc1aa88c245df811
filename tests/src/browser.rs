//! A real browser at phone size: headless Chromium, driven through ChromeDriver by the WebDriver protocol (W3C),
//! which is plain JSON over HTTP. Dropping it closes both.
//!
//! Names of hosts lead nowhere, so a page that asked for anything beyond this machine would not get it; what was
//! asked for can be listed all the same.

mod axe;
mod keyboard;
mod paper;

pub use axe::Axe;
pub use paper::Colours;

use std::{
    fs,
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use serde_json::{Value, json};
use tempfile::TempDir;

const BROWSER: &str = "/usr/bin/chromium";
const DRIVER: &str = "/usr/bin/chromedriver";

/// How long one command may take. Only ever waited for in full when something is wrong.
const PATIENCE: Duration = Duration::from_secs(60);

/// The key under which WebDriver names an element.
const ELEMENT: &str = "element-6066-11e4-a52e-4f735466cecf";

/// Whether pages may run scripts.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Scripts {
    /// Yes.
    Allowed,
    /// No: the page has to do without.
    Blocked,
}

/// A browser with one window.
pub struct Browser {
    driver: Child,
    session: String,
    _profile: TempDir,
    shots: PathBuf,
}

/// Why there is none.
#[must_use]
pub fn missing() -> Option<&'static str> {
    let there = Path::new(BROWSER).exists() && Path::new(DRIVER).exists();
    (!there).then_some("chromium or chromium-driver is not installed")
}

impl Browser {
    /// Starts one, at the size of a phone; its pictures go into this folder.
    ///
    /// # Panics
    ///
    /// It does not start.
    #[must_use]
    #[expect(clippy::expect_used, reason = "support code of tests")]
    pub fn start(scripts: Scripts, shots: &Path) -> Self {
        let mut driver = Command::new(DRIVER)
            .arg("--port=0")
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("chromedriver starts");
        let mut lines = BufReader::new(driver.stdout.take().expect("its output is piped")).lines();
        let port = lines.by_ref().map_while(Result::ok).find_map(|line| {
            let port = line.split("started successfully on port ").nth(1)?;
            port.trim_end_matches('.').parse::<u16>().ok()
        });
        // Whatever else it says must not fill the pipe.
        std::thread::spawn(move || lines.for_each(drop));
        let port = port.expect("chromedriver says where it listens");
        let profile = tempfile::tempdir().expect("a temporary folder");
        let base = format!("http://127.0.0.1:{port}");
        let answer = call("POST", &format!("{base}/session"), &wanted(scripts, profile.path()));
        let session = answer["sessionId"].as_str().map(|id| format!("{base}/session/{id}"));
        let session = session.unwrap_or_default();
        let browser = Self { driver, session, _profile: profile, shots: shots.to_owned() };
        assert!(!browser.session.is_empty(), "chromium does not start: {answer}");
        browser.size(390, 844);
        browser
    }

    /// Sets the size of the window, in CSS pixels, as a phone has it.
    pub fn size(&self, width: u32, height: u32) {
        let metrics = json!({"width": width, "height": height, "deviceScaleFactor": 2, "mobile": true});
        self.devtools("Emulation.setDeviceMetricsOverride", &metrics);
    }

    /// Opens a page and waits until it is there.
    pub fn open(&self, url: &str) {
        self.command("POST", "/url", &json!({"url": url}));
    }

    /// The address of the page.
    #[must_use]
    pub fn url(&self) -> String {
        self.command("GET", "/url", &Value::Null).as_str().unwrap_or_default().to_owned()
    }

    /// Taps what a selector finds first and waits for the page that follows.
    ///
    /// # Panics
    ///
    /// None does.
    pub fn follow(&self, selector: &str) {
        // WebDriver waits for a page only if it has begun to load by then; so the old one is marked.
        self.command("POST", "/execute/sync", &json!({"script": "window.isOld = true", "args": []}));
        self.tap(selector);
        let arrived = "return !window.isOld && document.readyState === 'complete'";
        let since = Instant::now();
        while !self.ask(arrived, &[]).as_bool().unwrap_or(false) {
            assert!(since.elapsed() < PATIENCE, "no page follows {selector}");
        }
    }

    /// Taps what a selector finds first.
    pub fn tap(&self, selector: &str) {
        let element = self.element(selector);
        self.command("POST", &format!("/element/{element}/click"), &json!({}));
    }

    /// Types into a field.
    pub fn write(&self, selector: &str, text: &str) {
        let element = self.element(selector);
        self.command("POST", &format!("/element/{element}/value"), &json!({"text": text}));
    }

    /// Whether a person can see what a selector finds first.
    #[must_use]
    pub fn shows(&self, selector: &str) -> bool {
        let script = "const e = document.querySelector(arguments[0]); return !!e && e.checkVisibility() \
                      && e.getBoundingClientRect().height > 0";
        self.ask(script, &[json!(selector)]).as_bool().unwrap_or(false)
    }

    /// Waits until a script of the test's says `true`.
    ///
    /// # Panics
    ///
    /// It never does.
    #[track_caller]
    pub fn wait_for(&self, script: &str) {
        let since = Instant::now();
        while !self.ask(script, &[]).as_bool().unwrap_or(false) {
            assert!(since.elapsed() < PATIENCE, "never true: {script}\n{}", self.words("body"));
        }
    }

    /// The words of what a selector finds first, as shown.
    #[must_use]
    pub fn words(&self, selector: &str) -> String {
        let script = "return document.querySelector(arguments[0])?.innerText ?? ''";
        self.ask(script, &[json!(selector)]).as_str().unwrap_or_default().to_owned()
    }

    /// What a script of the test's finds out about the page.
    #[must_use]
    pub fn ask(&self, script: &str, arguments: &[Value]) -> Value {
        self.command("POST", "/execute/sync", &json!({"script": script, "args": arguments}))
    }

    /// Has a script of the test's do something to the page.
    pub fn make(&self, script: &str) {
        self.command("POST", "/execute/sync", &json!({"script": script, "args": []}));
    }

    /// By how many pixels the page is wider than its window.
    #[must_use]
    pub fn too_wide(&self) -> i64 {
        let script = "return document.documentElement.scrollWidth - document.documentElement.clientWidth";
        self.ask(script, &[]).as_i64().unwrap_or(i64::MAX)
    }

    /// Takes a picture of the whole page.
    ///
    /// # Panics
    ///
    /// It cannot be written.
    #[expect(clippy::expect_used, reason = "support code of tests")]
    pub fn picture(&self, name: &str) {
        let sizes = self.devtools("Page.getLayoutMetrics", &json!({}));
        let size = &sizes["cssContentSize"];
        let clip = json!({"x": 0, "y": 0, "width": size["width"], "height": size["height"], "scale": 1});
        let asked = json!({"format": "png", "captureBeyondViewport": true, "clip": clip});
        let picture = self.devtools("Page.captureScreenshot", &asked);
        let bytes = unbase64(picture["data"].as_str().unwrap_or_default());
        fs::write(self.shots.join(format!("{name}.png")), bytes).expect("the picture can be written");
    }

    /// Every address asked for since the last time, whatever came of it.
    #[must_use]
    pub fn requests(&self) -> Vec<String> {
        let entries = self.command("POST", "/se/log", &json!({"type": "performance"}));
        let of_entry = |entry: &Value| {
            let event: Value = serde_json::from_str(entry["message"].as_str()?).ok()?;
            let event = &event["message"];
            let asked = event["method"] == "Network.requestWillBeSent";
            asked.then(|| event["params"]["request"]["url"].as_str().unwrap_or_default().to_owned())
        };
        entries.as_array().into_iter().flatten().filter_map(of_entry).collect()
    }

    /// Goes over to the window opened last.
    pub fn newest_window(&self) {
        let windows = self.command("GET", "/window/handles", &Value::Null);
        let newest = windows.as_array().and_then(|all| all.last()).cloned().unwrap_or_default();
        self.command("POST", "/window", &json!({"handle": newest}));
        self.size(390, 844);
    }

    fn element(&self, selector: &str) -> String {
        let found = self.command("POST", "/element", &json!({"using": "css selector", "value": selector}));
        found[ELEMENT].as_str().unwrap_or_default().to_owned()
    }

    fn devtools(&self, command: &str, parameters: &Value) -> Value {
        self.command("POST", "/goog/cdp/execute", &json!({"cmd": command, "params": parameters}))
    }

    #[track_caller]
    fn command(&self, method: &str, path: &str, body: &Value) -> Value {
        let answer = call(method, &format!("{}{path}", self.session), body);
        let failed = answer.get("error").is_some() && answer.get("stacktrace").is_some();
        assert!(!failed, "{path} {body}: {}: {}", answer["error"], answer["message"]);
        answer
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        if !self.session.is_empty() {
            call("DELETE", &self.session, &Value::Null);
        }
        let _ = self.driver.kill();
        let _ = self.driver.wait();
    }
}

/// What the new session is to be like.
fn wanted(scripts: Scripts, profile: &Path) -> Value {
    let javascript = if scripts == Scripts::Blocked { 2 } else { 1 };
    json!({"capabilities": {"alwaysMatch": {
        "browserName": "chrome",
        "goog:loggingPrefs": {"performance": "ALL"},
        "goog:chromeOptions": {
            "binary": BROWSER,
            "args": [
                "--headless=new",
                // Containers and root have no sandbox; the pages are our own.
                "--no-sandbox",
                "--disable-dev-shm-usage",
                "--disable-gpu",
                "--no-first-run",
                "--disable-background-networking",
                "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
                format!("--user-data-dir={}", profile.display()),
            ],
            "prefs": {"profile.managed_default_content_settings.javascript": javascript},
        },
    }}})
}

/// One command; the answer's `value`.
#[expect(clippy::expect_used, reason = "support code of tests")]
fn call(method: &str, url: &str, body: &Value) -> Value {
    let agent: ureq::Agent = ureq::Agent::config_builder()
        .http_status_as_error(false)
        .timeout_global(Some(PATIENCE))
        .build()
        .into();
    let answer = match method {
        "POST" => agent.post(url).header("content-type", "application/json").send(body.to_string()),
        "DELETE" => agent.delete(url).call(),
        _ => agent.get(url).call(),
    };
    let text = answer.and_then(|mut answer| answer.body_mut().with_config().limit(1 << 28).read_to_string());
    let answer: Value = serde_json::from_str(&text.expect("chromedriver answers")).expect("JSON");
    answer["value"].clone()
}

/// RFC 4648 section 4; what is no digit is skipped.
fn unbase64(text: &str) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(text.len() / 4 * 3);
    let (mut bits, mut count) = (0_u32, 0);
    for c in text.bytes() {
        let six = match c {
            b'A'..=b'Z' => c - b'A',
            b'a'..=b'z' => c - b'a' + 26,
            b'0'..=b'9' => c - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            _ => continue,
        };
        bits = bits << 6 | u32::from(six);
        count += 6;
        if count >= 8 {
            count -= 8;
            bytes.push((bits >> count & 0xff) as u8);
        }
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::unbase64;

    #[test]
    fn base64_is_read_as_rfc_4648_says() {
        for (text, bytes) in [("", ""), ("Zg==", "f"), ("Zm8=", "fo"), ("Zm9v", "foo"), ("Zm9vYmE=", "fooba")]
        {
            assert_eq!(unbase64(text), bytes.as_bytes(), "{text}");
        }
    }
}
