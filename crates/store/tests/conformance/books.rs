//! The history of rule books.

use afterrun_rules::BookHash;
use afterrun_store::{
    NewRefusedBook, NewRuleEdit, NewUser, REFUSED_KEPT, Role, RuleEdit, StoredBook, UserKey,
};

use super::sample::*;

fn hash(number: u8) -> BookHash {
    BookHash([number; 32])
}

fn book(number: u8, hours: i64) -> StoredBook {
    let files = [("clinic.ron".to_owned(), vec![number].into())];
    StoredBook { hash: hash(number), files: files.into(), live_since: hour(hours) }
}

fn refused(number: u8, hours: i64, findings: &str) -> NewRefusedBook {
    NewRefusedBook {
        hash: hash(number),
        at: hour(hours),
        findings: findings.to_owned(),
        files: book(number, hours).files,
    }
}

async fn ann(store: &AnyStore) -> UserKey {
    let ann = NewUser {
        email: "ann@clinic.example".to_owned(),
        role: Role::Clinician,
        password_hash: "$argon2id$".to_owned(),
    };
    store.add_user(ann, hour(0)).await.unwrap()
}

fn edit(number: u8, by: UserKey, hours: i64, reason: &str) -> NewRuleEdit {
    NewRuleEdit {
        hash: hash(number),
        by,
        at: hour(hours),
        file: "red-flags.ron".to_owned(),
        reason: reason.to_owned(),
    }
}

pub async fn know_who_edited_them_and_why(store: AnyStore) {
    let by = ann(&store).await;
    store.save_book(book(1, 1)).await.unwrap();
    store.note_edit(edit(2, by, 2, "thought better of it")).await.unwrap();
    store.note_edit(edit(2, by, 3, "too many calls")).await.unwrap();
    assert_eq!(store.book_spell(&hash(2)).await.unwrap(), None, "not in force yet");
    store.save_book(book(2, 4)).await.unwrap();
    let found = store.book_spell(&hash(2)).await.unwrap().unwrap();
    let expected = RuleEdit {
        by: "ann@clinic.example".to_owned(),
        at: hour(3),
        file: "red-flags.ron".to_owned(),
        reason: "too many calls".to_owned(),
    };
    assert_eq!((found.edit, found.before, found.until), (Some(expected), Some(hash(1)), None));

    store.save_book(book(1, 5)).await.unwrap();
    store.save_book(book(2, 6)).await.unwrap();
    let again = store.book_spell(&hash(2)).await.unwrap().unwrap();
    assert_eq!((again.since, again.edit), (hour(6), None), "the same content again is not the same edit");
}

pub async fn forget_an_edit_that_was_not_made(store: AnyStore) {
    let by = ann(&store).await;
    store.note_edit(edit(1, by, 1, "the disk was full")).await.unwrap();
    store.note_edit(edit(2, by, 1, "this one was made")).await.unwrap();
    store.forget_edit(&hash(1)).await.unwrap();
    store.save_book(book(1, 2)).await.unwrap();
    store.save_book(book(2, 3)).await.unwrap();
    assert_eq!(store.book_spell(&hash(1)).await.unwrap().unwrap().edit, None);
    store.forget_edit(&hash(2)).await.unwrap();
    assert!(store.book_spell(&hash(2)).await.unwrap().unwrap().edit.is_some(), "what is in force stays");
}

pub async fn are_listed_newest_first(store: AnyStore) {
    for (number, hours) in [(1, 1), (2, 2), (1, 3), (3, 4)] {
        store.save_book(book(number, hours)).await.unwrap();
    }
    let first = store.books(None, 3).await.unwrap();
    let second = store.books(first.next.as_deref(), 3).await.unwrap();
    let seen: Vec<_> =
        first.rows.iter().chain(&second.rows).map(|spell| (spell.hash, spell.since, spell.until)).collect();
    let expected = vec![
        (hash(3), hour(4), None),
        (hash(1), hour(3), Some(hour(4))),
        (hash(2), hour(2), Some(hour(3))),
        (hash(1), hour(1), Some(hour(2))),
    ];
    assert_eq!((seen, second.next), (expected, None));
    assert_eq!(second.rows.last().unwrap().before, None);
    assert_eq!(store.book_spell(&hash(1)).await.unwrap().unwrap().since, hour(3), "the newest");
}

pub async fn keep_their_files(store: AnyStore) {
    store.save_book(book(1, 1)).await.unwrap();
    store.save_book(book(2, 2)).await.unwrap();
    assert_eq!(store.book_files(&hash(1)).await.unwrap(), book(1, 1).files);
    assert!(store.book_files(&hash(9)).await.unwrap().is_empty());
}

pub async fn know_what_they_sent(store: AnyStore) {
    let id = enrol(&store).await;
    for (book, run) in [(1, "a"), (1, "b"), (2, "c"), (1, "d")] {
        take_turn(&store, &id, hour(1), |turn| {
            turn.book = hash(book);
            turn.messages = vec![message(&plan_of(run), hour(1))];
        })
        .await;
    }
    let first = store.book_messages(&hash(1), None, 2).await.unwrap();
    let second = store.book_messages(&hash(1), first.next.as_deref(), 2).await.unwrap();
    let seen: Vec<_> =
        first.rows.iter().chain(&second.rows).map(|message| message.identity_text.clone()).collect();
    let expected = ["d", "b", "a"].map(|run| plan_of(run).to_string());
    assert_eq!((seen, second.next), (expected.to_vec(), None));
    assert!(store.book_messages(&hash(3), None, 2).await.unwrap().rows.is_empty());
}

pub async fn refused_are_kept_with_their_files(store: AnyStore) {
    store.save_book(book(1, 1)).await.unwrap();
    store.save_refused(refused(2, 2, "no such message")).await.unwrap();
    store.save_refused(refused(3, 3, "no such question")).await.unwrap();
    let first = store.refused_books(None, 1).await.unwrap();
    let second = store.refused_books(first.next.as_deref(), 1).await.unwrap();
    let seen: Vec<_> =
        first.rows.iter().chain(&second.rows).map(|book| (book.hash, book.at, &*book.findings)).collect();
    let expected = vec![(hash(3), hour(3), "no such question"), (hash(2), hour(2), "no such message")];
    assert_eq!((seen, second.next), (expected, None));
    assert_eq!(store.book_files(&hash(3)).await.unwrap(), book(3, 3).files);
    assert_eq!(store.last_good_book().await.unwrap(), Some(book(1, 1)), "a refused book is never in force");
    assert_eq!(store.books(None, 9).await.unwrap().rows.len(), 1);
}

pub async fn refused_twice_are_kept_once(store: AnyStore) {
    store.save_refused(refused(2, 2, "no such message")).await.unwrap();
    store.save_refused(refused(2, 3, "no such message")).await.unwrap();
    store.save_refused(refused(2, 4, "held against another book")).await.unwrap();
    let kept: Vec<_> =
        store.refused_books(None, 9).await.unwrap().rows.into_iter().map(|book| book.at).collect();
    assert_eq!(kept, [hour(4), hour(2)]);
}

pub async fn refused_long_ago_are_forgotten(store: AnyStore) {
    store.save_book(book(1, 1)).await.unwrap();
    let last = u8::try_from(REFUSED_KEPT).unwrap() + 2;
    // The first was in force as well: its files stay.
    for number in 1..=last {
        store.save_refused(refused(number, i64::from(number), "no")).await.unwrap();
    }
    let kept = store.refused_books(None, 100).await.unwrap().rows;
    assert_eq!((kept.len(), kept.last().unwrap().hash), (REFUSED_KEPT as usize, hash(3)));
    assert_eq!(store.book_files(&hash(1)).await.unwrap(), book(1, 1).files);
    assert!(store.book_files(&hash(2)).await.unwrap().is_empty());
    assert_eq!(store.book_files(&hash(3)).await.unwrap(), book(3, 3).files);
}
