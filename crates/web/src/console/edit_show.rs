//! The editor of one file: a text field, what Afterrun makes of it, and its buttons. All of it works without a
//! script; with one the middle part follows the typing.
//!
//! Nothing here is executed and nothing is written but by `edit_save`, which takes it only if it would go live.

use afterrun_rules::{
    folder,
    source::{Source, Sources},
};
use axum::{
    extract::{Query, State},
    http::StatusCode,
    response::{IntoResponse, Response},
};
use maud::{Markup, html};
use serde::Deserialize;

use super::{
    Room, Shared, compare_list,
    edit_form::{Draft, DraftFile, Fate, PostedDraft, REASON_AT_MOST},
    edit_list, edit_result, edit_save, frame,
    frame::Tab,
    rules_desk::{Candidate, Tried, file_hash},
    rules_frame::{self, Way},
    rules_policy, rules_text as text,
    session::SignedIn,
};

/// What is asked for in the address.
#[derive(Deserialize)]
pub(crate) struct Asked {
    file: Option<String>,
}

/// What stands between the text and the buttons.
pub(super) enum Shown {
    Nothing,
    Result(Markup),
    Refused(Markup),
}

/// GET: the list of files, or one of them.
pub(crate) async fn show(State(room): State<Shared>, me: SignedIn, Query(asked): Query<Asked>) -> Response {
    if !room.rules.may_edit() {
        return off(&room, &me);
    }
    if !me.may_act() {
        return frame::not_allowed(&room);
    }
    let folder = room.rules.folder().await;
    let file = asked.file.as_deref().map(str::trim).filter(|file| !file.is_empty());
    match (file, folder) {
        (Some(file), Ok(sources)) => open(&room, &me, file, &sources),
        (_, folder) => edit_list::page(&room, &me, &folder),
    }
}

/// POST: check, compare, save, rename, delete, or open another file beside this one.
pub(crate) async fn submit(State(room): State<Shared>, posted: PostedDraft) -> Response {
    let PostedDraft { me, mut draft, what, another } = posted;
    if !draft.has_good_paths() || another.as_deref().is_some_and(|file| !folder::takes(file)) {
        return no_such_file(&room);
    }
    let sources = match room.rules.folder().await {
        Ok(sources) => sources,
        Err(why) => {
            return frame::says(&room, StatusCode::UNPROCESSABLE_ENTITY, text::FOLDER_UNREADABLE, &why);
        }
    };
    match (what.as_str(), another) {
        ("compare", None) => {
            let candidate = Candidate::Draft(names(&draft));
            match edit_save::within(&draft, &sources) {
                Ok(drafted) => compare_list::begin(&room, &me, candidate, drafted).await,
                Err(why) => frame::says(&room, StatusCode::UNPROCESSABLE_ENTITY, text::NOT_COMPARED, &why),
            }
        }
        // The button says what is done, whatever was looked at before.
        ("save" | "rename" | "delete", None) => {
            draft.fate = match &*what {
                "rename" => Fate::Moves,
                "delete" => Fate::Goes,
                _ => Fate::Stays,
            };
            edit_save::save(&room, &me, draft, sources).await
        }
        (_, Some(another)) => match beside(draft, &another, &sources) {
            Ok(draft) => shown_tried(&room, &me, &draft, &sources).await,
            Err(why) => frame::says(&room, StatusCode::UNPROCESSABLE_ENTITY, &another, &why),
        },
        _ => shown_tried(&room, &me, &draft, &sources).await,
    }
}

async fn shown_tried(room: &Room, me: &SignedIn, draft: &Draft, sources: &Sources) -> Response {
    let result = tried(room, draft, sources).await;
    page(room, me, StatusCode::OK, draft, sources, Shown::Result(result))
}

/// POST by the script: what Afterrun makes of the text, as a piece of the page.
pub(crate) async fn draft(State(room): State<Shared>, posted: PostedDraft) -> Response {
    let PostedDraft { draft, .. } = posted;
    if !draft.has_good_paths() {
        return (StatusCode::NOT_FOUND, html! { p.fault { (text::NO_FILE) } }).into_response();
    }
    match room.rules.folder().await {
        Ok(sources) => tried(&room, &draft, &sources).await.into_response(),
        Err(why) => html! { p.fault { (text::FOLDER_UNREADABLE) ": " (why) } }.into_response(),
    }
}

/// The same draft with another file in the text field; what was not changed is left behind.
fn beside(draft: Draft, another: &str, folder: &Sources) -> Result<Draft, String> {
    let Draft { open, others, reason, .. } = draft;
    let (mut next, mut kept) = (None, Vec::new());
    for file in std::iter::once(open).chain(others) {
        if file.file == another {
            next = Some(file);
        } else if file.is_changed(folder) {
            kept.push(file);
        }
    }
    let open = match next {
        Some(next) => next,
        None => as_it_is(another, folder)?,
    };
    Ok(Draft { open, others: kept, reason, new_name: String::new(), fate: Fate::Stays })
}

/// The names of the files, for people.
fn names(draft: &Draft) -> String {
    draft.files().map(|file| file.file.as_str()).collect::<Vec<_>>().join(", ")
}

async fn tried(room: &Room, draft: &Draft, folder: &Sources) -> Markup {
    let drafted = match edit_save::within(draft, folder) {
        Ok(drafted) => drafted,
        Err(why) => return html! { p.fault { (why) } },
    };
    match room.rules.try_out(drafted.clone()).await {
        Some(tried) => result(room, &tried, draft, folder, &drafted),
        None => html! { p.fault { (text::CHECK_BUSY) } },
    }
}

pub(super) fn result(
    room: &Room,
    tried: &Tried,
    draft: &Draft,
    folder: &Sources,
    drafted: &Sources,
) -> Markup {
    edit_result::piece(tried, folder, drafted, &draft.open.file, &room.recorder.book())
}

/// A file as it is.
fn open(room: &Room, me: &SignedIn, file: &str, sources: &Sources) -> Response {
    if !folder::takes(file) {
        return no_such_file(room);
    }
    match as_it_is(file, sources) {
        Ok(open) => {
            let draft = Draft {
                open,
                others: Vec::new(),
                reason: String::new(),
                new_name: String::new(),
                fate: Fate::Stays,
            };
            page(room, me, StatusCode::OK, &draft, sources, Shown::Nothing)
        }
        Err(why) => frame::says(room, StatusCode::UNPROCESSABLE_ENTITY, file, &why),
    }
}

/// A file of the folder, or a new one.
fn as_it_is(file: &str, sources: &Sources) -> Result<DraftFile, String> {
    let (text, opened) = match sources.files.get(file) {
        None => (String::new(), None),
        Some(Source::Unreadable(why)) => return Err(why.to_string()),
        Some(Source::Bytes(bytes)) => match std::str::from_utf8(bytes) {
            Ok(text) => (text.replace("\r\n", "\n"), Some(file_hash(bytes))),
            Err(_) => return Err(text::NOT_EDITABLE.to_owned()),
        },
    };
    Ok(DraftFile { file: file.to_owned(), text, opened })
}

pub(super) fn no_such_file(room: &Room) -> Response {
    frame::says(room, StatusCode::NOT_FOUND, text::NOT_FOUND_TITLE, text::NO_FILE)
}

fn off(room: &Room, me: &SignedIn) -> Response {
    let main = html! {
        (rules_frame::ways(room, Way::Edit))
        section.card.narrow { h1 { (text::EDIT_TITLE) } p { (text::EDIT_OFF) } }
    };
    frame::page(room, me, Tab::Rules, text::EDIT_TITLE, main)
}

pub(super) fn page(
    room: &Room,
    me: &SignedIn,
    status: StatusCode,
    draft: &Draft,
    sources: &Sources,
    shown: Shown,
) -> Response {
    let open = &draft.open;
    let title = text::edit_of(&open.file);
    // A letter is prose, a rule file a table of sorts.
    let (wrap, spellcheck) = if open.file.ends_with(".md") { ("soft", "true") } else { ("off", "false") };
    let is_new = !sources.files.contains_key(&*open.file);
    let main = html! {
        (rules_frame::ways(room, Way::Edit))
        h1 { (title) @if is_new { " " span.chip { (text::CHIP_NEW) } } }
        p.hint.under { (text::EDIT_WORDS) }
        form.editor #editor method="post" action=(room.href("/console/rules/edit"))
            data-draft=(room.href("/console/rules/edit/draft")) data-unreachable=(text::UNREACHABLE)
            data-go=(text::FINDINGS_PLACE) {
            // The first button is what the Enter key presses: it must be the harmless one.
            button.unseen name="do" value="check" tabindex="-1" aria-hidden="true" { (text::CHECK) }
            (frame::token(me))
            input type="hidden" name="file" value=(open.file);
            input type="hidden" name="opened" value=(open.opened.as_deref().unwrap_or_default());
            @for other in &draft.others {
                input type="hidden" name="other-file" value=(other.file);
                input type="hidden" name="other-opened" value=(other.opened.as_deref().unwrap_or_default());
                input type="hidden" name="other-text" value=(other.text);
            }
            section.card.writing {
                label for="text" { (text::FILE_TEXT) }
                // Browsers drop the first line end of a text field, so it gets one to drop.
                textarea #text name="text" rows="28" wrap=(wrap) spellcheck=(spellcheck) autocomplete="off" autocapitalize="none" { "\n" (open.text) }
            }
            section.card.result aria-labelledby="result-title" {
                h2 #result-title { (text::RESULT) }
                div #result aria-live="polite" {
                    @match &shown {
                        Shown::Nothing => p.hint { (text::NOTHING_CHANGED) },
                        Shown::Result(piece) => (piece),
                        Shown::Refused(piece) => div role="alert" { (piece) },
                    }
                }
            }
            section.card.saving {
                (together(draft, sources))
                label for="reason" { (text::REASON) }
                input #reason name="reason" maxlength=(REASON_AT_MOST) value=(draft.reason) aria-describedby="reason-hint";
                p.hint #reason-hint { (text::REASON_HINT) }
                div.row.after {
                    button.secondary name="do" value="check" { (text::CHECK) }
                    button.secondary name="do" value="compare" formtarget="_blank" { (text::COMPARE_DRAFT) }
                    button.primary name="do" value="save" { (text::SAVE) }
                }
                p.hint { (text::COMPARE_DRAFT_HINT) }
                @if !is_new { (fate(draft)) }
            }
        }
    };
    let head = rules_policy::script(room);
    rules_policy::with_script(frame::sheet_with(room, status, Some((me, Tab::Rules)), &title, head, main))
}

/// Another name for the file, or none; what is changed together with it comes along.
fn fate(draft: &Draft) -> Markup {
    let (file, wanted) = (&draft.open.file, &draft.new_name);
    let is_wanted = !wanted.is_empty() && wanted != file;
    html! {
        details.fate open[is_wanted || draft.fate != Fate::Stays] {
            summary { (text::FATE) }
            p.hint { (text::FATE_HINT) }
            label for="new-name" { (text::NEW_NAME) }
            input #new-name name="new-name" value=(if is_wanted { wanted } else { file }) autocomplete="off" autocapitalize="none" spellcheck="false";
            fieldset.looked {
                legend { (text::LOOK_AS) }
                div.row {
                    @for (word, fate) in Fate::ALL {
                        label.tick { input type="radio" name="fate" value=(word) checked[fate == draft.fate]; " " (text::look_as(word)) }
                    }
                }
            }
            div.row.after {
                button.secondary name="do" value="rename" { (text::RENAME) }
                button.danger name="do" value="delete" { (text::DELETE_FILE) }
            }
        }
    }
}

/// The files that are changed together, and a way to take one more.
fn together(draft: &Draft, sources: &Sources) -> Markup {
    let known = |path: &str| draft.files().any(|file| file.file == path);
    html! {
        h2 { (text::TOGETHER) }
        ul.row.together {
            li { span.chip.watch { (draft.open.file) } }
            @for other in &draft.others {
                li { button.secondary name="another" value=(other.file) { (other.file) } }
            }
            @if draft.others.is_empty() { li.hint { (text::NO_OTHER) } }
        }
        div.another {
            label for="pick" { (text::ANOTHER) }
            select #pick name="pick" {
                @for path in sources.files.keys().filter(|path| !known(path)) { option { (path) } }
            }
            button.secondary name="do" value="another" { (text::ANOTHER_BUTTON) }
        }
        p.hint { (text::TOGETHER_HINT) }
    }
}
