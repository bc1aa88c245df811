//! A browser without scripts that keeps its cookie: for what people do not do with buttons, and for reading pages.

use crate::daemon::Daemon;

/// One window of such a browser.
pub struct Forms {
    address: String,
    /// What it sends along, as the server set it.
    pub cookie: String,
}

/// What came back.
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// Where to go next, if anywhere.
    pub location: String,
    /// What the page may load and do.
    pub policy: String,
    /// The page.
    pub body: String,
}

impl Forms {
    /// One that knows nobody yet.
    #[must_use]
    pub fn new(daemon: &Daemon) -> Self {
        Self::at(&daemon.address)
    }

    /// One for the pages at this address.
    #[must_use]
    pub fn at(address: &str) -> Self {
        Self { address: address.to_owned(), cookie: String::new() }
    }

    /// Signs in with this address and password.
    pub fn sign_in(&mut self, email: &str, password: &str) -> Answer {
        self.post("/console/sign-in", &[("email", email), ("password", password)])
    }

    /// Asks for a page.
    ///
    /// # Panics
    ///
    /// Nobody answers.
    #[expect(clippy::expect_used, reason = "support code of tests")]
    pub fn get(&mut self, path: &str) -> Answer {
        let request = agent().get(format!("{}{path}", self.address)).header("cookie", &self.cookie);
        self.keep(request.call().expect("the daemon answers"))
    }

    /// Posts a form as a page of ours would, with the session's token.
    pub fn post(&mut self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let token = value_of(&self.get("/console/account").body, "token");
        let mut all = vec![("token", token.as_str())];
        all.extend(fields);
        let origin = self.address.clone();
        self.post_from(&origin, path, &all)
    }

    /// Posts a form as a page of another origin would.
    ///
    /// # Panics
    ///
    /// Nobody answers.
    #[expect(clippy::expect_used, reason = "support code of tests")]
    pub fn post_from(&mut self, origin: &str, path: &str, fields: &[(&str, &str)]) -> Answer {
        let request = agent().post(format!("{}{path}", self.address));
        let request = request.header("cookie", &self.cookie).header("origin", origin);
        self.keep(request.send_form(fields.iter().copied()).expect("the daemon answers"))
    }

    #[expect(clippy::expect_used, reason = "support code of tests")]
    fn keep(&mut self, mut answer: ureq::http::Response<ureq::Body>) -> Answer {
        let header = |name: &str| {
            let value = answer.headers().get(name).and_then(|value| value.to_str().ok());
            value.unwrap_or_default().to_owned()
        };
        let (cookie, location, policy) =
            (header("set-cookie"), header("location"), header("content-security-policy"));
        if let Some(pair) = cookie.split(';').next().filter(|pair| !pair.is_empty()) {
            self.cookie = pair.to_owned();
        }
        let body = answer.body_mut().read_to_string().expect("the page is text");
        Answer { status: answer.status().as_u16(), location, policy, body }
    }
}

impl Answer {
    /// It came with this status.
    ///
    /// # Panics
    ///
    /// It came with another.
    #[track_caller]
    pub fn is(&self, status: u16) -> &Self {
        assert_eq!(self.status, status, "{}", self.body);
        self
    }

    /// These words stand in it.
    ///
    /// # Panics
    ///
    /// They do not.
    #[track_caller]
    pub fn says(&self, words: &str) -> &Self {
        assert!(self.body.contains(words), "`{words}` is missing in:\n{}", self.body);
        self
    }

    /// These words do not stand in it.
    ///
    /// # Panics
    ///
    /// They do.
    #[track_caller]
    pub fn lacks(&self, words: &str) -> &Self {
        assert!(!self.body.contains(words), "`{words}` must not stand in:\n{}", self.body);
        self
    }
}

/// The value of the first field of this name in a page; empty without one.
#[must_use]
pub fn value_of(page: &str, name: &str) -> String {
    let value = page.split_once(&format!("name=\"{name}\" value=\"")).map_or("", |(_, rest)| rest);
    value.split_once('"').map_or(String::new(), |(value, _)| value.to_owned())
}

fn agent() -> ureq::Agent {
    ureq::Agent::config_builder().http_status_as_error(false).max_redirects(0).build().into()
}
