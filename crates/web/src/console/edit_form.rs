//! The editor's form: which file, the text as written, the content it was opened with, the other files that are changed
//! together with it, and why.

use afterrun_rules::{
    folder,
    load::MAX_FILE_BYTES,
    source::{Source, Sources},
};
use axum::{
    body::to_bytes,
    extract::{FromRequest, FromRequestParts, Request},
    response::Response,
};

use super::{
    Shared, frame,
    session::{FORM_TOKEN, SignedIn},
};
use crate::{fields::Fields, link::token_hash};

/// Largest form, in bytes: a file of [`MAX_FILE_BYTES`] of which every character is written as three.
const FORM_AT_MOST: usize = 3 * MAX_FILE_BYTES + (64 << 10);

/// Files changed together.
const FILES_AT_MOST: usize = 20;

/// Longest reason, in characters: a few sentences.
pub(super) const REASON_AT_MOST: usize = 500;

/// A draft posted by a signed-in user, its token checked.
pub(crate) struct PostedDraft {
    pub me: SignedIn,
    pub draft: Draft,
    /// The button.
    pub what: String,
    /// The file that is to be opened next.
    pub another: Option<String>,
}

/// Files as somebody is writing them.
pub(crate) struct Draft {
    /// The one in the text field.
    pub open: DraftFile,
    /// Those changed together with it.
    pub others: Vec<DraftFile>,
    pub reason: String,
    /// The name that the open file is to get; its own, or none, if it is to stay.
    pub new_name: String,
    /// What is to become of the open file, as far as it is looked at or compared.
    pub fate: Fate,
}

/// What becomes of the file in the text field.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fate {
    /// It gets the text.
    Stays,
    /// It gets the text and another name.
    Moves,
    /// It is removed.
    Goes,
}

impl Fate {
    /// Every one, as the form says it.
    pub(super) const ALL: [(&'static str, Self); 3] =
        [("stays", Self::Stays), ("rename", Self::Moves), ("delete", Self::Goes)];

    fn read(word: Option<&str>) -> Self {
        Self::ALL.iter().find(|(known, _)| Some(*known) == word).map_or(Self::Stays, |(_, fate)| *fate)
    }
}

/// One file as somebody is writing it.
pub(crate) struct DraftFile {
    /// Path below the rules folder.
    pub file: String,
    /// Line ends as browsers send them are single again.
    pub text: String,
    /// The content it was opened with; none: there was no such file.
    pub opened: Option<String>,
}

impl DraftFile {
    fn new(file: &str, text: &str, opened: Option<&str>) -> Self {
        Self {
            file: file.trim().to_owned(),
            text: text.replace("\r\n", "\n").replace('\r', "\n"),
            opened: opened.map(str::trim).filter(|hash| !hash.is_empty()).map(str::to_owned),
        }
    }

    /// The text with the line ends that the file has in the folder.
    pub(super) fn as_written(&self, folder: &Sources) -> String {
        let has_carriages = |bytes: &[u8]| bytes.windows(2).any(|two| two == b"\r\n");
        match folder.files.get(&*self.file) {
            Some(Source::Bytes(bytes)) if has_carriages(bytes) => self.text.replace('\n', "\r\n"),
            _ => self.text.clone(),
        }
    }

    /// Whether it differs from the file in the folder.
    pub(super) fn is_changed(&self, folder: &Sources) -> bool {
        match folder.files.get(&*self.file) {
            Some(Source::Bytes(bytes)) => **bytes != *self.as_written(folder).as_bytes(),
            _ => !self.text.is_empty(),
        }
    }
}

impl Draft {
    /// The files, the open one first.
    pub(super) fn files(&self) -> impl Iterator<Item = &DraftFile> {
        std::iter::once(&self.open).chain(&self.others)
    }

    /// Whether every path may name a file of the folder at all.
    pub(super) fn has_good_paths(&self) -> bool {
        self.files().all(|file| folder::takes(&file.file))
    }
}

impl FromRequest<Shared> for PostedDraft {
    type Rejection = Response;

    async fn from_request(request: Request, room: &Shared) -> Result<Self, Response> {
        let (mut parts, body) = request.into_parts();
        let me = SignedIn::from_request_parts(&mut parts, room).await?;
        let body = to_bytes(body, FORM_AT_MOST).await.map_err(|_| frame::too_large(room))?;
        let fields = Fields::parse(&body);
        // Hashes are compared, so that the time taken tells nothing of the token.
        if token_hash(fields.get(FORM_TOKEN).unwrap_or_default()) != token_hash(&me.form_token) {
            return Err(frame::forged(room));
        }
        if !me.may_act() || !room.rules.may_edit() {
            return Err(frame::not_allowed(room));
        }
        let value = |name| fields.untouched(name).unwrap_or_default();
        let open = DraftFile::new(value("file"), value("text"), fields.get("opened"));
        let texts = fields.all_untouched("other-text").zip(fields.all_untouched("other-opened"));
        let others = fields.all("other-file").zip(texts).take(FILES_AT_MOST);
        let others = others.map(|(file, (text, opened))| DraftFile::new(file, text, Some(opened)));
        let others = others.filter(|other| other.file != open.file).collect();
        let reason = fields.get("reason").unwrap_or_default().chars().take(REASON_AT_MOST).collect();
        let new_name = fields.get("new-name").unwrap_or_default().trim().to_owned();
        let fate = Fate::read(fields.get("fate"));
        let draft = Draft { open, others, reason, new_name, fate };
        let picked = (fields.what() == "another").then(|| fields.get("pick")).flatten();
        let another = fields.get("another").or(picked).filter(|file| !file.is_empty()).map(str::to_owned);
        Ok(Self { me, draft, what: fields.what().to_owned(), another })
    }
}
