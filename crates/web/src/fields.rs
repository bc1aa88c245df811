//! The fields of a posted form.

use std::sync::Arc;

use axum::{
    body::to_bytes,
    extract::{FromRequest, Request},
    http::StatusCode,
    response::Response,
};

use crate::{shut, site::Site, text};

/// Longest accepted body, in bytes: the longest form has a few hundred fields' worth of room, a stranger
/// cannot make us hold more.
pub(crate) const BODY_LIMIT: usize = 64 * 1024;

/// Most fields looked at.
const FIELDS_LIMIT: usize = 500;

/// Posted fields in their order; bytes that are no UTF-8 become replacement characters.
#[derive(Clone, Debug, Default)]
pub(crate) struct Fields {
    pairs: Vec<(String, String)>,
    one_click: bool,
}

impl Fields {
    pub(crate) fn parse(body: &[u8]) -> Self {
        let pairs = form_urlencoded::parse(body).into_owned().take(FIELDS_LIMIT).collect();
        Self { pairs, one_click: is_one_click(body) }
    }

    /// The last value of a field, trimmed.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.pairs.iter().rev().find(|(key, _)| key == name).map(|(_, value)| value.trim())
    }

    /// The last value of a field as it came.
    pub(crate) fn untouched(&self, name: &str) -> Option<&str> {
        self.pairs.iter().rev().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// All values of a field as they came.
    pub(crate) fn all_untouched<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.pairs.iter().filter(move |(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// All values of a field.
    pub(crate) fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.pairs.iter().filter(move |(key, _)| key == name).map(|(_, value)| value.trim())
    }

    /// What the pressed button asks for.
    pub(crate) fn what(&self) -> &str {
        self.get("do").unwrap_or_default()
    }

    /// A mail program's one-click unsubscribe (RFC 8058).
    pub(crate) fn is_one_click(&self) -> bool {
        self.one_click
    }
}

/// RFC 8058 section 3.1: the pair comes as a multipart form or URL-encoded; the first spelling is
/// `Content-Disposition: form-data; name="List-Unsubscribe"`, a blank line, `One-Click`.
fn is_one_click(body: &[u8]) -> bool {
    let text = String::from_utf8_lossy(body);
    let encoded =
        form_urlencoded::parse(body).any(|(key, value)| key == "List-Unsubscribe" && value == "One-Click");
    let multipart = text
        .split_once("name=\"List-Unsubscribe\"")
        .is_some_and(|(_, rest)| rest.trim_start().starts_with("One-Click"));
    encoded || multipart
}

impl FromRequest<Arc<Site>> for Fields {
    type Rejection = Response;

    async fn from_request(request: Request, site: &Arc<Site>) -> Result<Self, Response> {
        read(request).await.map_err(|TooLarge| {
            shut::page(site, StatusCode::PAYLOAD_TOO_LARGE, text::TOO_LARGE_TITLE, &[text::TOO_LARGE])
        })
    }
}

/// More was sent than is taken, or it broke off.
pub(crate) struct TooLarge;

/// Reads the fields of a request, at most [`BODY_LIMIT`] of it.
pub(crate) async fn read(request: Request) -> Result<Fields, TooLarge> {
    let body = to_bytes(request.into_body(), BODY_LIMIT).await.map_err(|_| TooLarge)?;
    Ok(Fields::parse(&body))
}
