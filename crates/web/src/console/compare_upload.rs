//! A rules folder sent as a zip file, to be compared: read in memory within bounds, never written anywhere.
//!
//! INVARIANT: a name that leads out of the folder, or a link, and nothing of the archive is read.

use std::{
    collections::BTreeMap,
    io::{Cursor, Read},
    sync::Arc,
};

use afterrun_rules::{
    folder,
    load::MAX_FOLDER_BYTES,
    source::{Source, Sources},
};
use axum::{
    extract::{DefaultBodyLimit, FromRequest, FromRequestParts, Multipart, Request, State},
    response::Response,
};
use maud::html;
use zip::ZipArchive;

use super::{
    Shared, compare_list, frame,
    rules_desk::Candidate,
    rules_text as text,
    session::{FORM_TOKEN, SignedIn},
};
use crate::link::token_hash;

/// Largest archive, in bytes: rules are text and pack well; the shipped ones take 60 kB.
const ARCHIVE_AT_MOST: usize = 8 << 20;

/// What the rest of the form may take.
const BESIDES: usize = 64 << 10;

/// Entries looked at, folders and files that do not count included.
const ENTRIES_AT_MOST: usize = 5_000;

/// Longest name of an archive that is shown, in characters.
const NAME_SHOWN: usize = 60;

/// How much a request to this page may bring.
pub(super) fn limit() -> DefaultBodyLimit {
    DefaultBodyLimit::max(ARCHIVE_AT_MOST + BESIDES)
}

/// POST.
pub(crate) async fn submit(State(room): State<Shared>, request: Request) -> Response {
    let (mut parts, body) = request.into_parts();
    let me = match SignedIn::from_request_parts(&mut parts, &room).await {
        Ok(me) => me,
        Err(response) => return response,
    };
    let Ok(form) = Multipart::from_request(Request::from_parts(parts, body), &room).await else {
        return frame::forged(&room);
    };
    let sent = match read_form(form).await {
        Ok(sent) => sent,
        Err(TooLarge) => return frame::too_large(&room),
    };
    // Hashes are compared, so that the time taken tells nothing of the token.
    if token_hash(&sent.token) != token_hash(&me.form_token) {
        return frame::forged(&room);
    }
    if !me.may_act() {
        return frame::not_allowed(&room);
    }
    if sent.bytes.is_empty() {
        return compare_list::refused(&room, &me, html! { (text::NO_ARCHIVE) }).await;
    }
    let bytes = sent.bytes;
    let unpacked = tokio::task::spawn_blocking(move || unpack(&bytes)).await;
    match unpacked {
        Ok(Ok(sources)) => compare_list::begin(&room, &me, Candidate::Upload(sent.name), sources).await,
        Ok(Err(why)) => compare_list::refused(&room, &me, html! { (why) }).await,
        Err(_) => frame::failed(&room),
    }
}

struct TooLarge;

#[derive(Default)]
struct Sent {
    token: String,
    name: String,
    bytes: Vec<u8>,
}

async fn read_form(mut form: Multipart) -> Result<Sent, TooLarge> {
    let mut sent = Sent::default();
    while let Some(field) = form.next_field().await.map_err(|_| TooLarge)? {
        match field.name() {
            Some(FORM_TOKEN) => sent.token = field.text().await.map_err(|_| TooLarge)?,
            Some("archive") => {
                let name = field.file_name().unwrap_or_default();
                sent.name = name.chars().filter(|c| !c.is_control()).take(NAME_SHOWN).collect();
                sent.bytes = field.bytes().await.map_err(|_| TooLarge)?.to_vec();
                if sent.bytes.len() > ARCHIVE_AT_MOST {
                    return Err(TooLarge);
                }
            }
            _ => {}
        }
    }
    Ok(sent)
}

/// The rule files of an archive, as if its content were a folder. A folder that holds everything else is left out of
/// the paths: archives are made of `rules/` as often as of what is in it.
fn unpack(bytes: &[u8]) -> Result<Sources, String> {
    let mut archive = ZipArchive::new(Cursor::new(bytes)).map_err(|_| text::NOT_A_ZIP.to_owned())?;
    if archive.len() > ENTRIES_AT_MOST {
        return Err(text::ZIP_TOO_MANY.to_owned());
    }
    let mut files: BTreeMap<String, Arc<[u8]>> = BTreeMap::new();
    let mut room = MAX_FOLDER_BYTES;
    for at in 0..archive.len() {
        let mut entry = archive.by_index(at).map_err(|_| text::NOT_A_ZIP.to_owned())?;
        let name = entry.name().map_err(|_| text::NOT_A_ZIP.to_owned())?.into_owned();
        if entry.is_symlink() {
            return Err(text::zip_link(&shown(&name)));
        }
        if leads_out(&name) {
            return Err(text::zip_escapes(&shown(&name)));
        }
        if entry.is_dir() || !(name.ends_with(".ron") || name.ends_with(".md")) {
            continue;
        }
        // What the archive says of its sizes is not believed: reading ends by itself.
        let most = room.min(usize::try_from(folder::MAX_FILE_BYTES).unwrap_or(usize::MAX));
        let mut content = Vec::new();
        let read = entry.by_ref().take(most as u64 + 1).read_to_end(&mut content);
        read.map_err(|_| text::NOT_A_ZIP.to_owned())?;
        if content.len() > most {
            return Err(text::ZIP_TOO_LARGE.to_owned());
        }
        room -= content.len();
        files.insert(name, content.into());
    }
    let prefix = common_folder(&files);
    let kept = files.into_iter().filter_map(|(path, bytes)| {
        let path = path.get(prefix.len()..)?;
        folder::takes(path).then(|| (path.into(), Source::Bytes(bytes)))
    });
    let sources = Sources { files: kept.collect() };
    if sources.files.is_empty() { Err(text::ZIP_EMPTY.to_owned()) } else { Ok(sources) }
}

/// Whether a path would leave the folder it is unpacked into. Read with both separators, as Windows would.
fn leads_out(name: &str) -> bool {
    let mut parts = name.split(['/', '\\']);
    name.starts_with(['/', '\\'])
        || name.contains('\0')
        || name.contains(':')
        || parts.any(|part| part == "..")
}

fn shown(name: &str) -> String {
    name.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).take(NAME_SHOWN).collect()
}

/// The one folder at the top that holds every file, with its slash; nothing if there are several, or if it means
/// something (`messages/`).
fn common_folder(files: &BTreeMap<String, Arc<[u8]>>) -> String {
    let first =
        files.keys().next().and_then(|path| path.split_once('/')).map(|(folder, _)| format!("{folder}/"));
    let Some(first) = first.filter(|folder| folder != "messages/") else { return String::new() };
    if files.keys().all(|path| path.starts_with(&first)) { first } else { String::new() }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use zip::{ZipWriter, write::SimpleFileOptions};

    use super::*;

    fn archive(files: &[(&str, &[u8])]) -> Vec<u8> {
        let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
        for (name, bytes) in files {
            writer.start_file(*name, SimpleFileOptions::default()).unwrap();
            writer.write_all(bytes).unwrap();
        }
        writer.finish().unwrap().into_inner()
    }

    fn check(files: &[(&str, &[u8])], expected: Result<&[&str], &str>) {
        let found = unpack(&archive(files)).map(|sources| sources.files.into_keys().collect::<Vec<_>>());
        match (found, expected) {
            (Ok(found), Ok(expected)) => {
                assert_eq!(found.iter().map(|path| &**path).collect::<Vec<_>>(), expected);
            }
            (Err(found), Err(expected)) => assert!(found.contains(expected), "{found}"),
            (found, expected) => panic!("{found:?} instead of {expected:?}"),
        }
    }

    #[test]
    fn rule_files_are_taken_with_and_without_a_folder_around_them() {
        check(
            &[("clinic.ron", b"a"), ("messages/a.md", b"b"), ("README.md", b"c"), (".git/x.ron", b"d")],
            Ok(&["clinic.ron", "messages/a.md"]),
        );
        check(
            &[("rules/clinic.ron", b"a"), ("rules/messages/a.md", b"b")],
            Ok(&["clinic.ron", "messages/a.md"]),
        );
        check(&[("messages/a.md", b"b")], Ok(&["messages/a.md"]));
    }

    #[test]
    fn a_way_out_of_the_folder_is_refused_whole() {
        for name in
            ["../clinic.ron", "rules/../../clinic.ron", "/etc/clinic.ron", "..\\clinic.ron", "C:\\clinic.ron"]
        {
            check(&[("a.ron", b"a"), (name, b"b")], Err("leads out of its folder"));
        }
    }

    #[test]
    fn a_link_is_refused() {
        let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
        writer.add_symlink("clinic.ron", "/etc/passwd", SimpleFileOptions::default()).unwrap();
        let bytes = writer.finish().unwrap().into_inner();
        assert!(unpack(&bytes).unwrap_err().contains("is a link"));
    }

    #[test]
    fn what_unpacks_without_end_is_refused() {
        let much = vec![b' '; usize::try_from(folder::MAX_FILE_BYTES).unwrap() + 1];
        let packed = archive(&[("a.ron", &much)]);
        assert!(packed.len() < 10_000, "packs well");
        assert_eq!(unpack(&packed).unwrap_err(), text::ZIP_TOO_LARGE);
        let each = vec![b' '; usize::try_from(folder::MAX_FILE_BYTES).unwrap()];
        let names: Vec<_> = (0..17).map(|number| format!("{number}.ron")).collect();
        let many: Vec<_> = names.iter().map(|name| (name.as_str(), each.as_slice())).collect();
        check(&many, Err(text::ZIP_TOO_LARGE));
    }

    #[test]
    fn nothing_and_no_archive_are_named() {
        check(&[("README.md", b"a")], Err(text::ZIP_EMPTY));
        assert_eq!(unpack(b"no zip").unwrap_err(), text::NOT_A_ZIP);
    }
}
