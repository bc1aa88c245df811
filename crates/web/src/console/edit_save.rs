//! Saving what was written in the editor, under the file's name or another, or taking the file away: one edit with who
//! and why, written only if it would go live.

use afterrun_rules::{folder, source::Sources};
use axum::{http::StatusCode, response::Response};
use maud::{Markup, html};

use super::{
    Room, book_diff,
    edit_form::{Draft, DraftFile, Fate},
    edit_list, edit_result,
    edit_show::{self, Shown},
    frame,
    rules_desk::{NotSaved, Save, SaveFile},
    rules_text as text,
    session::SignedIn,
};

/// Saves a draft and shows what came of it; what was written stays on the page unless it is in force.
pub(super) async fn save(room: &Room, me: &SignedIn, draft: Draft, sources: Sources) -> Response {
    let refused = |shown: Markup| {
        let shown = Shown::Refused(shown);
        edit_show::page(room, me, StatusCode::UNPROCESSABLE_ENTITY, &draft, &sources, shown)
    };
    if draft.reason.is_empty() {
        return refused(html! { p.fault { (text::WORDS_MISSING) } });
    }
    let files = match files(&draft, &sources) {
        Ok(files) => files,
        Err(why) => return refused(html! { p.fault { (why) } }),
    };
    let wanted = Save { files, by: me.user.key, reason: draft.reason.clone() };
    match room.rules.save(wanted.clone()).await {
        Ok((hash, is_in_force)) => {
            let subject = format!("{} ({})", hash.short(), wanted.names());
            if let Err(error) = room.store.audit(me.now, &me.actor(), "rules-edit", &subject).await {
                // The history of the rules names who did it; the audit log would be one more place.
                tracing::error!(%error, "an edit of the rules is in force and not in the audit log");
            }
            match is_in_force {
                true => frame::see_other(room, &format!("/console/rules/books/{hash}?done=saved")),
                false => frame::see_other(room, "/console/rules"),
            }
        }
        Err(NotSaved::NotAllowed) => frame::not_allowed(room),
        Err(NotSaved::NoSuchFile) => edit_show::no_such_file(room),
        Err(NotSaved::IsLink) => refused(html! { p.fault { (text::IS_LINK) } }),
        Err(NotSaved::Nothing) => refused(html! { p.fault { (text::SAME_TEXT) } }),
        Err(NotSaved::Busy) => refused(html! { p.fault { (text::CHECK_BUSY) } }),
        Err(NotSaved::Failed(why)) => refused(html! { p.fault { (text::not_saved(&why)) } }),
        Err(NotSaved::Changed { file }) => refused(changed(room, &draft, &sources, &file)),
        Err(NotSaved::Refused(tried)) => {
            let drafted = wanted.within(&sources);
            refused(html! {
                p.fault { (text::NOT_SAVED_REFUSED) }
                (edit_show::result(room, &tried, &draft, &sources, &drafted))
            })
        }
    }
}

/// The folder as it is to be, for a look.
pub(super) fn within(draft: &Draft, folder: &Sources) -> Result<Sources, String> {
    Ok(super::rules_desk::within(&files(draft, folder)?, folder))
}

/// The files as they are to be.
fn files(draft: &Draft, folder: &Sources) -> Result<Vec<SaveFile>, String> {
    let as_written = |file: &DraftFile| SaveFile {
        file: file.file.clone(),
        opened: file.opened.clone(),
        text: Some(file.as_written(folder)),
    };
    let open = as_written(&draft.open);
    let mut files = match draft.fate {
        Fate::Stays => vec![open],
        Fate::Goes => vec![SaveFile { text: None, ..open }],
        Fate::Moves => {
            let to = &draft.new_name;
            if !folder::takes(to) {
                return Err(text::NO_FILE.to_owned());
            }
            if folder.files.contains_key(&**to) || draft.files().any(|file| file.file == *to) {
                return Err(text::name_taken(to));
            }
            let there = SaveFile { file: to.clone(), opened: None, ..open.clone() };
            vec![there, SaveFile { text: None, ..open }]
        }
    };
    files.extend(draft.others.iter().map(as_written));
    Ok(files)
}

/// Somebody else has written the file meanwhile.
fn changed(room: &Room, draft: &Draft, sources: &Sources, file: &str) -> Markup {
    let theirs = edit_result::text_of(sources, file).unwrap_or_default();
    let yours = draft.files().find(|draft| draft.file == *file);
    html! {
        p.fault { (text::changed_underneath(file)) }
        p { a href=(edit_list::href(room, file)) target="_blank" { (text::OPEN_ANEW) } }
        h3 { (text::YOURS_AND_THEIRS) }
        (book_diff::texts(&theirs, &yours.map(|yours| yours.as_written(sources)).unwrap_or_default()))
    }
}
