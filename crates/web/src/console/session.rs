//! Who is signed in: the cookie, the session behind it, and the token that every form carries.
//!
//! The cookie holds 256 random bits made here, never a value a browser brought; the store knows their SHA-256.

use std::borrow::Cow;

use afterrun_store::{Role, StoreError, User};
use axum::{
    extract::{FromRequest, FromRequestParts, Request},
    http::{HeaderMap, HeaderValue, Method, StatusCode, header, request::Parts},
    response::{IntoResponse, Response},
};
use chrono::{DateTime, TimeDelta, Utc};

use super::{Room, Shared, desk, frame, live::LIVE, sign_in};
use crate::{fields, fields::Fields, link::token_hash};

/// A session not used for this long ends: NIST SP 800-63B section 4.2.3.
pub(crate) const IDLE: TimeDelta = TimeDelta::minutes(30);
/// A session ends after this, used or not: the same section.
pub(crate) const ABSOLUTE: TimeDelta = TimeDelta::hours(12);
/// How exactly use is noted: a page a second must not be a write a second.
const TOUCH_EVERY: TimeDelta = TimeDelta::minutes(1);

/// The field of every form that holds the session's token.
pub(crate) const FORM_TOKEN: &str = "token";

/// A signed-in user.
pub(crate) struct SignedIn {
    pub user: User,
    /// What the forms of this session carry.
    pub form_token: String,
    /// SHA-256 of the cookie.
    pub token_hash: [u8; 32],
    pub now: DateTime<Utc>,
    /// The page asks by itself what is new, and shows what has this hash; see `live`.
    pub live: Option<String>,
}

impl SignedIn {
    /// May look after patients.
    pub(crate) fn may_act(&self) -> bool {
        self.user.role >= Role::Clinician
    }

    /// May change users and read the audit log.
    pub(crate) fn is_admin(&self) -> bool {
        self.user.role >= Role::Admin
    }

    /// A patient's name as this user's lists show it.
    pub(crate) fn names<'a>(&self, name: &'a str) -> Cow<'a, str> {
        self.user.names.of(name)
    }

    /// How the audit log names the user.
    pub(crate) fn actor(&self) -> String {
        format!("user {}", self.user.key.0)
    }
}

/// Why nobody is signed in.
pub(crate) enum NotSignedIn {
    /// No cookie, or one that opens nothing.
    Unknown,
    Unavailable(StoreError),
}

/// The session of a request.
pub(crate) async fn of(room: &Room, headers: &HeaderMap) -> Result<SignedIn, NotSignedIn> {
    let token = cookie(room, headers).ok_or(NotSignedIn::Unknown)?;
    let hash = token_hash(&token);
    let found = room.store.session(&hash).await.map_err(NotSignedIn::Unavailable)?;
    let found = found.ok_or(NotSignedIn::Unknown)?;
    let now = room.recorder.now();
    if now - found.used_at >= IDLE || now - found.created_at >= ABSOLUTE {
        room.store.end_session(&hash).await.map_err(NotSignedIn::Unavailable)?;
        return Err(NotSignedIn::Unknown);
    }
    let live = headers.get(LIVE).map(|seen| seen.to_str().unwrap_or_default().to_owned());
    // A page that asks by itself is not somebody who uses it.
    if live.is_none() && now - found.used_at >= TOUCH_EVERY {
        room.store.touch_session(&hash, now).await.map_err(NotSignedIn::Unavailable)?;
    }
    Ok(SignedIn { user: found.user, form_token: form_token(&token), token_hash: hash, now, live })
}

/// Begins a session and gives the header that sets its cookie; none if the password that the user has proved was
/// changed, or access taken away, meanwhile.
pub(crate) async fn begin(room: &Room, user: &User) -> Result<Option<HeaderValue>, StoreError> {
    let token = desk::random_token().map_err(|why| StoreError::Backend(why.to_string()))?;
    let now = room.recorder.now();
    let (hash, proved) = (token_hash(&token), &user.password_hash);
    let begun = room.store.begin_session(&hash, user.key, proved, now, now - ABSOLUTE).await?;
    Ok(begun.then(|| set_cookie(room, &token)))
}

/// Takes the cookie away.
pub(crate) fn no_cookie(room: &Room) -> HeaderValue {
    let gone = format!("{}; Max-Age=0", attributes(room, ""));
    HeaderValue::from_str(&gone).unwrap_or(HeaderValue::from_static(""))
}

fn set_cookie(room: &Room, token: &str) -> HeaderValue {
    // Base64url: always a header value.
    HeaderValue::from_str(&attributes(room, token)).unwrap_or(HeaderValue::from_static(""))
}

fn attributes(room: &Room, token: &str) -> String {
    let secure = if room.is_https() { "; Secure" } else { "" };
    format!("{}={token}; Path=/; HttpOnly; SameSite=Strict{secure}", cookie_name(room))
}

/// `__Host-` keeps other hosts of the domain from setting it; browsers take it over https only.
fn cookie_name(room: &Room) -> &'static str {
    if room.is_https() { "__Host-afterrun" } else { "afterrun" }
}

fn cookie(room: &Room, headers: &HeaderMap) -> Option<String> {
    let name = cookie_name(room);
    let all = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    let pairs = all.flat_map(|value| value.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.filter(|(key, value)| *key == name && !value.is_empty()).map(|(_, value)| value.to_owned()).next()
}

/// Follows from the cookie and does not lead back to it.
fn form_token(token: &str) -> String {
    desk::hex(&token_hash(&format!("form {token}")))
}

impl FromRequestParts<Shared> for SignedIn {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, room: &Shared) -> Result<Self, Response> {
        match of(room, &parts.headers).await {
            Ok(signed_in) => Ok(signed_in),
            Err(NotSignedIn::Unknown) if parts.headers.contains_key(LIVE) => {
                Err(StatusCode::UNAUTHORIZED.into_response())
            }
            Err(NotSignedIn::Unknown) => {
                // A form sent after the session ended: its address may be for POST only.
                let next = (parts.method == Method::GET).then(|| parts.uri.path().to_owned());
                Err(sign_in::page(room, sign_in::Said::Nothing, "", next.as_deref().unwrap_or("/console")))
            }
            Err(NotSignedIn::Unavailable(error)) => Err(frame::unavailable(room, &error)),
        }
    }
}

/// A signed-in admin.
pub(crate) struct Admin(pub SignedIn);

impl FromRequestParts<Shared> for Admin {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, room: &Shared) -> Result<Self, Response> {
        let me = SignedIn::from_request_parts(parts, room).await?;
        if me.is_admin() { Ok(Self(me)) } else { Err(frame::not_allowed(room)) }
    }
}

/// A form posted by a signed-in admin, its token checked.
pub(crate) struct PostedByAdmin(pub Posted);

impl FromRequest<Shared> for PostedByAdmin {
    type Rejection = Response;

    async fn from_request(request: Request, room: &Shared) -> Result<Self, Response> {
        let posted = Posted::from_request(request, room).await?;
        if posted.me.is_admin() { Ok(Self(posted)) } else { Err(frame::not_allowed(room)) }
    }
}

/// A form posted by a signed-in user, its token checked.
pub(crate) struct Posted {
    pub me: SignedIn,
    pub fields: Fields,
}

impl FromRequest<Shared> for Posted {
    type Rejection = Response;

    async fn from_request(request: Request, room: &Shared) -> Result<Self, Response> {
        let (mut parts, body) = request.into_parts();
        let me = SignedIn::from_request_parts(&mut parts, room).await?;
        let fields = read(room, Request::from_parts(parts, body)).await?;
        let brought = fields.get(FORM_TOKEN).unwrap_or_default();
        // Hashes are compared, so that the time taken tells nothing of the token.
        if token_hash(brought) != token_hash(&me.form_token) {
            return Err(frame::forged(room));
        }
        Ok(Self { me, fields })
    }
}

/// The fields of a form, within bounds.
pub(crate) async fn read(room: &Room, request: Request) -> Result<Fields, Response> {
    fields::read(request).await.map_err(|_| frame::too_large(room))
}

/// The fields of a form from somebody who is not signed in.
pub(crate) struct Anyone(pub Fields);

impl FromRequest<Shared> for Anyone {
    type Rejection = Response;

    async fn from_request(request: Request, room: &Shared) -> Result<Self, Response> {
        read(room, request).await.map(Self)
    }
}
