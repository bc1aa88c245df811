//! Requests without a network.

use axum::{
    Router,
    body::{Body, to_bytes},
    http::{HeaderMap, Request, StatusCode, header},
};
use tower::ServiceExt;

/// A browser that keeps nothing between requests.
pub struct Browser(pub Router);

/// What came back.
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub html: String,
}

impl Browser {
    pub async fn get(&self, path: &str) -> Answer {
        self.send(Request::get(path).body(Body::empty()).unwrap()).await
    }

    pub async fn head(&self, path: &str) -> Answer {
        self.send(Request::head(path).body(Body::empty()).unwrap()).await
    }

    /// Posts fields as a browser does under `Referrer-Policy: no-referrer`.
    pub async fn post(&self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let request = Request::post(path)
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .header(header::ORIGIN, "null");
        self.send(request.body(Body::from(form(fields))).unwrap()).await
    }

    pub async fn send(&self, request: Request<Body>) -> Answer {
        let response = self.0.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let bytes = to_bytes(body, 1 << 20).await.unwrap();
        let html = String::from_utf8(bytes.to_vec()).unwrap();
        Answer { status: parts.status, headers: parts.headers, html }
    }
}

/// Fields as a request body.
fn form(fields: &[(&str, &str)]) -> String {
    form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish()
}

impl Answer {
    /// One element a line, so that snapshots can be read and compared; without the style sheet's version.
    pub fn pretty(&self) -> String {
        let lines = self.html.replace("><", ">\n<");
        let lines = lines.lines().map(|line| line.split_once("?v=").map_or(line, |(before, _)| before));
        format!("{}\n{}\n", self.status, lines.collect::<Vec<_>>().join("\n"))
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    #[track_caller]
    pub fn says(&self, words: &str) -> &Self {
        assert!(self.html.contains(words), "`{words}` is missing in:\n{}", self.pretty());
        self
    }

    #[track_caller]
    pub fn lacks(&self, words: &str) -> &Self {
        assert!(!self.html.contains(words), "`{words}` must not stand in:\n{}", self.pretty());
        self
    }

    #[track_caller]
    pub fn is(&self, status: u16) -> &Self {
        assert_eq!(self.status.as_u16(), status, "{}", self.pretty());
        self
    }
}
