//! What an XML file has to keep to before anything else reads it.

use quick_xml::{Reader, events::Event};

use super::Unusable;

/// Deepest nesting taken. TCX needs 7, GPX with every extension in use 8.
const DEPTH: usize = 32;

/// Walks through the file once and returns the name of its root.
///
/// # Errors
/// If it is not well-formed, nested too deeply, or declares a document type: without one no entity can expand.
pub(super) fn examine(text: &str) -> Result<String, Unusable> {
    let mut reader = Reader::from_str(text);
    let mut depth = 0;
    let mut root = None;
    loop {
        match reader.read_event() {
            Ok(Event::Start(start)) => {
                depth += 1;
                if depth > DEPTH {
                    return Err(Unusable::Suspicious);
                }
                let name = start.local_name();
                root.get_or_insert_with(|| name.as_ref().to_owned());
            }
            Ok(Event::End(_)) => depth -= 1,
            Ok(Event::DocType(_)) => return Err(Unusable::Suspicious),
            Ok(Event::Eof) if depth > 0 => {
                return Err(Unusable::Broken { format: "XML", why: "it ends in the middle".to_owned() });
            }
            Ok(Event::Eof) => return root.ok_or(Unusable::UnknownFormat),
            Ok(_) => {}
            Err(why) if root.is_some() => {
                return Err(Unusable::Broken { format: "XML", why: why.to_string() });
            }
            Err(_) => return Err(Unusable::UnknownFormat),
        }
    }
}
