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
    /// All names and values, one after the other.
    text: String,
    /// Where each name and its value end.
    pairs: Vec<(usize, usize)>,
    one_click: bool,
}

impl Fields {
    pub(crate) fn parse(body: &[u8]) -> Self {
        let mut fields = Self { text: String::with_capacity(body.len()), ..Self::default() };
        for pair in body.split(|byte| *byte == b'&').filter(|pair| !pair.is_empty()) {
            if fields.pairs.len() == FIELDS_LIMIT {
                break;
            }
            fields.take_in(pair);
        }
        fields.one_click = fields.all_untouched("List-Unsubscribe").any(|value| value == "One-Click")
            || (body.contains(&b'"') && is_one_click_in_parts(body));
        fields
    }

    /// Adds a pair as it was sent.
    fn take_in(&mut self, pair: &[u8]) {
        let is_plain = |byte: &u8| byte.is_ascii() && !matches!(byte, b'%' | b'+');
        // Nearly all are as they mean; the others are left to who knows the rules.
        if let Ok(plain) = str::from_utf8(pair)
            && pair.iter().all(is_plain)
        {
            let (name, value) = plain.split_once('=').unwrap_or((plain, ""));
            self.push(name, value);
        } else {
            for (name, value) in form_urlencoded::parse(pair) {
                self.push(&name, &value);
            }
        }
    }

    fn push(&mut self, name: &str, value: &str) {
        self.text.push_str(name);
        let name_ends = self.text.len();
        self.text.push_str(value);
        self.pairs.push((name_ends, self.text.len()));
    }

    /// Names and values in their order.
    pub(crate) fn pairs(&self) -> impl DoubleEndedIterator<Item = (&str, &str)> {
        (0..self.pairs.len()).map(|at| {
            let begins = at.checked_sub(1).map_or(0, |before| self.pairs[before].1);
            let (name_ends, ends) = self.pairs[at];
            (&self.text[begins..name_ends], &self.text[name_ends..ends])
        })
    }

    /// The last value of a field, trimmed.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.untouched(name).map(str::trim)
    }

    /// The last value of a field as it came.
    pub(crate) fn untouched(&self, name: &str) -> Option<&str> {
        self.pairs().rev().find(|(key, _)| *key == name).map(|(_, value)| value)
    }

    /// All values of a field as they came.
    pub(crate) fn all_untouched<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.pairs().filter(move |(key, _)| *key == name).map(|(_, value)| value)
    }

    /// All values of a field.
    pub(crate) fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.all_untouched(name).map(str::trim)
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

/// RFC 8058 section 3.1: the pair comes URL-encoded or, here judged, as a multipart form:
/// `Content-Disposition: form-data; name="List-Unsubscribe"`, a blank line, `One-Click`.
fn is_one_click_in_parts(body: &[u8]) -> bool {
    let text = String::from_utf8_lossy(body);
    text.split_once("name=\"List-Unsubscribe\"")
        .is_some_and(|(_, rest)| rest.trim_start().starts_with("One-Click"))
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
