//! Loading: the sample of the rule language becomes a book; a wrong name becomes the promised diagnostic.

mod support;

use afterrun_rules::load::load;
use support::{changed, folder, shown};

#[test]
fn the_sample_becomes_a_book() {
    let sources = folder("sample");
    let loaded = load(&sources);
    assert_eq!(shown(&sources, &loaded.diagnostics), "");
    let book = loaded.book.unwrap();
    assert_eq!(book.hash, sources.hash());
    insta::assert_debug_snapshot!(book);
}

#[test]
fn an_unknown_message_is_marked_word_for_word() {
    let sources = changed("@@@ red-flags.ron\n- send: \"pain-heads-up\"\n+ send: \"pain-headsup\"\n");
    let loaded = load(&sources);
    assert!(loaded.book.is_none());
    insta::assert_snapshot!(shown(&sources, &loaded.diagnostics));
}
