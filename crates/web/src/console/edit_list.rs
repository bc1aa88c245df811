//! The files that can be edited here, and a way to begin a new one.

use afterrun_rules::source::{Source, Sources};
use axum::response::Response;
use maud::{Markup, html};

use super::{
    Room, frame,
    frame::Tab,
    rules_frame::{self, Way},
    rules_text as text,
    session::SignedIn,
};

/// The page.
pub(super) fn page(room: &Room, me: &SignedIn, folder: &Result<Sources, String>) -> Response {
    let main = html! {
        (rules_frame::ways(room, Way::Edit))
        h1 { (text::EDIT_TITLE) }
        p.lead { (text::EDIT_WORDS) }
        @match folder {
            Err(why) => section.card.refusal { p.fault { (text::FOLDER_UNREADABLE) ": " (why) } },
            Ok(sources) => (list(room, sources)),
        }
        section.card.narrow {
            h2 { (text::NEW_FILE) }
            form.stack method="get" action=(room.href("/console/rules/edit")) {
                label for="file" { (text::NEW_FILE_PATH) }
                input #file name="file" required autocomplete="off" autocapitalize="none" spellcheck="false" placeholder="messages/new-message.md";
                p.hint { (text::NEW_FILE_HINT) }
                button.secondary { (text::NEW_FILE_BUTTON) }
            }
        }
    };
    frame::page(room, me, Tab::Rules, text::EDIT_TITLE, main)
}

fn list(room: &Room, sources: &Sources) -> Markup {
    html! {
        section.card {
            table.plain.files {
                thead {
                    tr {
                        th scope="col" { (text::COLUMN_FILE) }
                        th.number scope="col" { (text::COLUMN_SIZE) }
                    }
                }
                tbody {
                    @for (path, source) in &sources.files {
                        tr {
                            @match source {
                                Source::Bytes(bytes) => {
                                    th scope="row" { a href=(href(room, path)) { (path) } }
                                    td.number { (bytes.iter().filter(|byte| **byte == b'\n').count()) }
                                },
                                Source::Unreadable(why) => th scope="row" colspan="2" { (path) span.hint { (why) } },
                            }
                        }
                    }
                }
            }
        }
    }
}

/// The address of the editor for a file.
pub(super) fn href(room: &Room, file: &str) -> String {
    let query = form_urlencoded::Serializer::new(String::new()).append_pair("file", file).finish();
    format!("{}?{query}", room.href("/console/rules/edit"))
}
