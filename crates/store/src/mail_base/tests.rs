//! A mail comes back from its difference as it was, and nothing that is no difference makes one panic.

use lz4_flex::block::compress_with_dict;
use proptest::prelude::*;

use super::*;

/// A mail to somebody, in the form of a check-in.
fn mail(name: &str, token: &str, day: &str) -> Vec<u8> {
    let page = format!("https://clinic.example/c/{token}");
    let fixed =
        "Here is your check-in. It takes about a minute, and nobody reads your answers right away.\r\n";
    format!(
        "From: Clinic <check-in@clinic.example>\r\nTo: {name} <{name}@runner.example>\r\nDate: {day}\r\n\r\n\
         Hello {name},\r\n{}Start my check-in:\r\n{page}\r\n<a href=\"{page}\">Start</a><br>\r\n{page}\r\n",
        fixed.repeat(8)
    )
    .into_bytes()
}

#[test]
fn a_mail_is_little_more_than_what_differs() {
    let base = MailBase::new(&mail("Sam", &"A".repeat(51), "Thu, 01 Jan 2026 00:00:00 +0000")).unwrap();
    let token = "q7Wk3vN0pXe5tYbR2a-9_ZcM4hJ8sLdF1gUoTiKxEyVnBrQmCwP";
    let zoe = mail("Alexandra", token, "Tue, 24 Nov 2026 07:00:00 +0000");
    let difference = base.difference(&zoe).unwrap();
    assert!(difference.len() < 160, "{} of {}", difference.len(), zoe.len());
    assert_eq!(restored(base.bytes(), &difference, zoe.len()).unwrap(), zoe);
    let itself = base.difference(base.bytes()).unwrap();
    assert!(itself.len() < 30, "{}", itself.len());
}

#[test]
fn what_is_not_worth_it_or_too_long_stays_as_it_is() {
    let base = MailBase::new(&mail("Sam", "x", "y")).unwrap();
    assert_eq!(base.difference(b"Subject: other\r\n\r\nnothing alike\r\n"), None);
    assert_eq!(base.difference(b""), None);
    assert_eq!(base.difference(&vec![b'x'; TOGETHER_AT_MOST]), None);
    assert!(MailBase::new(&vec![b'x'; TOGETHER_AT_MOST / 2 + 1]).is_none());
}

#[test]
fn a_key_is_of_the_bytes_alone() {
    let one = MailBase::new(b"one").unwrap();
    assert_eq!(one.key(), MailBase::new(b"one").unwrap().key());
    assert_ne!(one.key(), MailBase::new(b"two").unwrap().key());
}

/// Text in which much is said again, and now and then a byte that is not.
fn text(longest: usize) -> impl Strategy<Value = Vec<u8>> {
    let words: [&[u8]; 7] =
        [b"style=\"margin:0 0 16px\">", b"check-in", b"\r\n", b"a", b"https://clinic.example/", b"  ", b""];
    let piece = prop_oneof![
        4 => (0..words.len()).prop_map(move |word| words[word].to_vec()),
        1 => proptest::collection::vec(any::<u8>(), 0..12),
        1 => (any::<u8>(), 0..400_usize).prop_map(|(byte, times)| vec![byte; times]),
    ];
    proptest::collection::vec(piece, 0..longest).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn whatever_they_are_a_mail_comes_back(base in text(60), mail in text(60)) {
        let base = MailBase::new(&base).unwrap();
        if let Some(difference) = base.difference(&mail) {
            let back = restored(base.bytes(), &difference, mail.len());
            prop_assert_eq!(back, Some(mail));
        }
    }

    #[test]
    fn a_block_the_library_wrote_is_read(base in text(40), mail in text(40)) {
        let block = compress_with_dict(&mail, &base);
        prop_assert_eq!(restored(&base, &block, mail.len()), Some(mail));
    }

    #[test]
    fn a_mail_among_many_of_its_kind_is_short(name in "[A-Z][a-z]{1,12}", token in "[A-Za-z0-9_-]{51}") {
        let base = MailBase::new(&mail("Sam", &"A".repeat(51), "Thu, 01 Jan 2026 00:00:00 +0000")).unwrap();
        let one = mail(&name, &token, "Tue, 24 Nov 2026 07:00:00 +0000");
        prop_assert!(base.difference(&one).unwrap().len() < 190);
    }

    #[test]
    fn what_has_suffered_makes_no_longer_mail_and_no_panic(
        base in text(20), mail in text(20), spoiled in proptest::collection::vec((any::<usize>(), any::<u8>()), 1..8),
    ) {
        let base = MailBase::new(&base).unwrap();
        let mut difference = base.difference(&mail).unwrap_or(mail.clone());
        for (at, byte) in spoiled {
            let length = difference.len().max(1);
            if let Some(there) = difference.get_mut(at % length) {
                *there = byte;
            }
        }
        let back = restored(base.bytes(), &difference, mail.len());
        prop_assert!(back.is_none_or(|back| back.len() == mail.len()));
    }
}
