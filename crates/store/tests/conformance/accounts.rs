//! Users of the console: invited, changed, let go, and what becomes of their links.

use afterrun_rules::book::TellClinic;
use afterrun_store::{
    Names, NewUser, NewUserLink, NewWorkItem, Role, Settlement, StoreError, USER_LINK, UserChange,
    UserChanged, UserKey, UserLinkKind, WorkChange, WorkFilter, WorkState,
};

use super::sample::*;

const TOKEN: [u8; 32] = [3; 32];
const OTHER: [u8; 32] = [4; 32];

fn user(name: &str, role: Role, password_hash: &str) -> NewUser {
    NewUser { email: format!("{name}@clinic.example"), role, password_hash: password_hash.to_owned() }
}

async fn admin(store: &AnyStore) -> UserKey {
    store.add_user(user("ann", Role::Admin, "$old"), hour(0)).await.unwrap()
}

fn link(token_hash: [u8; 32], kind: UserLinkKind, until: i64) -> NewUserLink {
    NewUserLink { token_hash, kind, expires_at: hour(until) }
}

fn mail_with(name: &str) -> afterrun_store::NewMessage {
    clinic_mail(&format!("{USER_LINK}{name}"), "bob@clinic.example", hour(1))
}

async fn invited(store: &AnyStore) -> (UserKey, UserKey) {
    let ann = admin(store).await;
    let invitation = link(TOKEN, UserLinkKind::Invitation, 100);
    let bob = user("bob", Role::Clinician, "");
    let bob = store.invite_user(bob, invitation, mail_with("1"), ann, hour(1)).await.unwrap();
    (ann, bob)
}

async fn reset(store: &AnyStore, whose: UserKey, token: [u8; 32], name: &str) {
    let link = link(token, UserLinkKind::Reset, 3);
    store.add_user_link(whose, link, mail_with(name), "reset page", hour(2)).await.unwrap();
}

async fn actions(store: &AnyStore, subject: UserKey) -> Vec<String> {
    let lines = store.audit_log(Some(&format!("user {}", subject.0)), None, 100).await.unwrap().rows;
    lines.into_iter().map(|line| format!("{}: {}", line.actor, line.action)).collect()
}

pub async fn begin_with_an_invitation(store: AnyStore) {
    let (ann, bob) = invited(&store).await;
    let found = store.user(bob).await.unwrap().unwrap();
    assert!(found.is_invited() && !found.may_sign_in());
    let opened = store.user_link(&TOKEN, hour(2)).await.unwrap().unwrap();
    assert_eq!((opened.user.key, opened.kind, opened.expires_at), (bob, UserLinkKind::Invitation, hour(100)));
    let sent = claim_one(&store, "w", hour(1)).await;
    assert_eq!((&*sent.mail.recipient, sent.patient), ("bob@clinic.example", None));
    let who = format!("user {}", ann.0);
    assert_eq!(actions(&store, bob).await, [format!("{who}: invitation-link"), format!("{who}: user-add")]);
    let taken = store.use_user_link(&TOKEN, "$new", None, hour(2)).await.unwrap().unwrap();
    assert_eq!((taken.key, &*taken.password_hash, taken.may_sign_in()), (bob, "$new", true));
}

pub async fn are_invited_once(store: AnyStore) {
    let (ann, bob) = invited(&store).await;
    let again = link(OTHER, UserLinkKind::Invitation, 100);
    let refused = store
        .invite_user(user("BOB", Role::Admin, ""), again.clone(), mail_with("2"), ann, hour(2))
        .await
        .unwrap_err();
    assert!(matches!(refused, StoreError::Exists { what: "user", .. }), "{refused}");
    assert_eq!(store.user_link(&OTHER, hour(2)).await.unwrap(), None);
    assert_eq!(store.claim(claim("w", hour(2))).await.unwrap().len(), 1, "no mail was added");
    store.add_user_link(bob, again, mail_with("3"), "user 1", hour(2)).await.unwrap();
    assert_eq!(store.user_link(&TOKEN, hour(2)).await.unwrap(), None, "the newest invitation counts");
    assert!(store.user_link(&OTHER, hour(2)).await.unwrap().is_some());
}

pub async fn get_a_new_password_by_a_link_that_works_once(store: AnyStore) {
    let ann = admin(&store).await;
    store.begin_session(&[9; 32], ann, "$old", hour(1), hour(-12)).await.unwrap();
    reset(&store, ann, TOKEN, "1").await;
    assert!(store.session(&[9; 32]).await.unwrap().is_some(), "asking changes nothing");
    let user = store.use_user_link(&TOKEN, "$new", None, hour(2)).await.unwrap().unwrap();
    assert_eq!(&*user.password_hash, "$new");
    assert_eq!(store.session(&[9; 32]).await.unwrap(), None);
    assert_eq!(store.use_user_link(&TOKEN, "$newer", None, hour(2)).await.unwrap(), None);
    assert_eq!(&*store.user(ann).await.unwrap().unwrap().password_hash, "$new");
    let lines = actions(&store, ann).await;
    assert_eq!(lines, [format!("user {}: reset-used", ann.0), "reset page: reset-link".to_owned()]);
}

pub async fn lose_links_by_time_and_by_a_new_password(store: AnyStore) {
    let ann = admin(&store).await;
    reset(&store, ann, TOKEN, "1").await;
    reset(&store, ann, OTHER, "2").await;
    assert!(store.user_link(&TOKEN, hour(2)).await.unwrap().is_some(), "who asked first is not shut out");
    assert_eq!(store.user_link(&TOKEN, hour(3)).await.unwrap(), None, "an hour is over");
    assert_eq!(store.use_user_link(&TOKEN, "$new", None, hour(3)).await.unwrap(), None);
    store.set_password(ann, None, "$changed", "user 1", None, hour(2)).await.unwrap();
    assert_eq!(store.user_link(&OTHER, hour(2)).await.unwrap(), None, "the password was changed meanwhile");
    assert_eq!(&*store.user(ann).await.unwrap().unwrap().password_hash, "$changed");
}

pub async fn keep_one_admin_who_can_sign_in(store: AnyStore) {
    let ann = admin(&store).await;
    let invited = link(TOKEN, UserLinkKind::Invitation, 100);
    let bob = user("bob", Role::Admin, "");
    let bob = store.invite_user(bob, invited, mail_with("1"), ann, hour(1)).await.unwrap();
    let change = |whose, what| store.change_user(whose, what, ann, None, hour(2));
    for what in [UserChange::Deactivate, UserChange::Role(Role::Viewer)] {
        assert_eq!(change(ann, what).await.unwrap(), UserChanged::LastAdmin, "nobody else has a password");
    }
    assert_eq!(store.user(ann).await.unwrap().unwrap().role, Role::Admin);
    store.use_user_link(&TOKEN, "$bob", None, hour(2)).await.unwrap().unwrap();
    assert_eq!(change(ann, UserChange::Role(Role::Viewer)).await.unwrap(), UserChanged::Done);
    assert_eq!(change(bob, UserChange::Deactivate).await.unwrap(), UserChanged::LastAdmin);
    assert_eq!(change(ann, UserChange::Deactivate).await.unwrap(), UserChanged::Done, "a viewer may go");
    assert_eq!(change(ann, UserChange::Role(Role::Admin)).await.unwrap(), UserChanged::Done);
    let last = change(bob, UserChange::Role(Role::Clinician)).await.unwrap();
    assert_eq!(last, UserChanged::LastAdmin, "the other admin was let go");
    let unknown = change(UserKey(999), UserChange::EndSessions).await.unwrap_err();
    assert!(matches!(unknown, StoreError::NotFound { what: "user", .. }), "{unknown}");
}

pub async fn that_are_let_go_are_out_at_once(store: AnyStore) {
    let ann = admin(&store).await;
    let bob = store.add_user(user("bob", Role::Clinician, "$bob"), hour(0)).await.unwrap();
    store.begin_session(&[9; 32], bob, "$bob", hour(1), hour(-12)).await.unwrap();
    reset(&store, bob, TOKEN, "1").await;
    let id = enrol(&store).await;
    take_turn(&store, &id, hour(1), |turn| {
        turn.work_items = vec![NewWorkItem {
            identity_text: "a".to_owned(),
            flag: None,
            level: TellClinic::Today,
            reason: afterrun_rules::Reason::new("stage-reached", "pain"),
            digest_due: None,
        }];
    })
    .await;
    store.change_work(&id, bob, WorkChange::Take, hour(1)).await.unwrap();
    store.change_user(bob, UserChange::Deactivate, ann, None, hour(2)).await.unwrap();
    let found = store.user(bob).await.unwrap().unwrap();
    assert_eq!((found.deactivated_at, found.may_sign_in()), (Some(hour(2)), false));
    assert_eq!(store.session(&[9; 32]).await.unwrap(), None);
    assert_eq!(store.use_user_link(&TOKEN, "$new", None, hour(2)).await.unwrap(), None);
    let row = store.work_row(&id).await.unwrap().unwrap();
    assert_eq!((row.owner, row.state), (None, WorkState::New), "somebody else has to see to it");
    assert_eq!(store.work_list(WorkFilter::Of(bob), None, 10, hour(2)).await.unwrap().rows, []);
    // A session begun in the same moment does not help either.
    assert!(!store.begin_session(&[9; 32], bob, "$bob", hour(2), hour(-12)).await.unwrap());
    assert_eq!(store.session(&[9; 32]).await.unwrap(), None);
    store.change_user(bob, UserChange::Activate, ann, None, hour(3)).await.unwrap();
    assert!(store.user(bob).await.unwrap().unwrap().may_sign_in());
}

pub async fn are_changed_with_a_line_in_the_log(store: AnyStore) {
    let ann = admin(&store).await;
    let bob = store.add_user(user("bob", Role::Viewer, "$bob"), hour(0)).await.unwrap();
    for what in [
        UserChange::Role(Role::Clinician),
        UserChange::Names(Names::Initials),
        UserChange::Deactivate,
        UserChange::Activate,
        UserChange::EndSessions,
    ] {
        assert_eq!(store.change_user(bob, what, ann, None, hour(1)).await.unwrap(), UserChanged::Done);
    }
    let found = store.user(bob).await.unwrap().unwrap();
    assert_eq!((found.role, found.names), (Role::Clinician, Names::Initials));
    let who = format!("user {}", ann.0);
    let expected = ["end-sessions", "activate", "deactivate", "names-initials", "role-clinician"]
        .map(|what| format!("{who}: user-{what}"));
    assert_eq!(actions(&store, bob).await, expected);
}

pub async fn keep_no_token_once_its_mail_is_gone(store: AnyStore) {
    let ann = admin(&store).await;
    let bytes = async |key| store.message(key).await.unwrap().mail.unwrap().bytes.len();
    let settled = [
        (Settlement::Accepted { said: "250".to_owned() }, true),
        (Settlement::Failed { error: "no".to_owned() }, true),
        (Settlement::Rejected { said: "550".to_owned() }, true),
        (Settlement::Retry { at: hour(2), error: "421".to_owned(), in_doubt: false }, false),
    ];
    for (number, (settlement, is_forgotten)) in settled.into_iter().enumerate() {
        reset(&store, ann, [number as u8; 32], &number.to_string()).await;
        let key = claim_one(&store, "w", hour(1)).await.key;
        assert!(bytes(key).await > 0);
        assert!(store.settle(key, "w", hour(1), settlement.clone()).await.unwrap());
        assert_eq!(bytes(key).await == 0, is_forgotten, "{settlement:?}");
        if is_forgotten {
            assert!(!store.try_again(key, hour(1)).await.unwrap(), "there is nothing to send");
        }
    }
    // Other mail of the clinic stays as it was sent.
    store.add_clinic_message(clinic_mail("digest/1", "ann@clinic.example", hour(0)), hour(0)).await.unwrap();
    let key = claim_one(&store, "w", hour(1)).await.key;
    store.settle(key, "w", hour(1), Settlement::Accepted { said: "250".to_owned() }).await.unwrap();
    assert!(bytes(key).await > 0);
    // What was stale before it could leave is forgotten, too.
    let mut late = mail_with("late");
    late.mail = late.mail.map(|mail| afterrun_store::Mail { stale_at: Some(hour(3)), ..mail });
    store.add_user_link(ann, link(OTHER, UserLinkKind::Reset, 3), late, "x", hour(1)).await.unwrap();
    let newest = store.messages(None, None, 1).await.unwrap().rows[0].key;
    store.claim(claim("w", hour(4))).await.unwrap();
    assert_eq!(bytes(newest).await, 0);
}

pub async fn have_an_audit_log_each(store: AnyStore) {
    for (hours, actor) in [(1, "user 1"), (2, "user 2"), (3, "user 1"), (4, "user 1")] {
        store.audit(hour(hours), actor, "chart-view", "p1").await.unwrap();
    }
    let first = store.audit_by("user 1", None, 2).await.unwrap();
    let second = store.audit_by("user 1", first.next.as_deref(), 2).await.unwrap();
    let seen: Vec<_> = first.rows.iter().chain(&second.rows).map(|line| line.at).collect();
    assert_eq!((seen, second.next), (vec![hour(4), hour(3), hour(1)], None));
}

pub async fn are_told_by_mail_of_what_was_changed(store: AnyStore) {
    let ann = admin(&store).await;
    let notice = |name: &str| Some(clinic_mail(&format!("user-news/{name}"), "ann@clinic.example", hour(1)));
    store.set_password(ann, None, "$new", "command line", notice("1"), hour(1)).await.unwrap();
    assert_eq!(actions(&store, ann).await, ["command line: password-change"]);
    let refused = store.change_user(ann, UserChange::Deactivate, ann, notice("2"), hour(1)).await.unwrap();
    assert_eq!(refused, UserChanged::LastAdmin);
    store.change_user(ann, UserChange::Role(Role::Admin), ann, notice("3"), hour(1)).await.unwrap();
    assert_eq!(store.use_user_link(&TOKEN, "$link", notice("4"), hour(2)).await.unwrap(), None);
    reset(&store, ann, TOKEN, "1").await;
    store.use_user_link(&TOKEN, "$link", notice("5"), hour(2)).await.unwrap().unwrap();
    let listed = store.messages(None, None, 100).await.unwrap().rows;
    let mut names: Vec<_> = listed.into_iter().map(|message| message.identity_text).collect();
    names.retain(|name| name.starts_with("user-news/"));
    names.sort();
    assert_eq!(names, ["user-news/1", "user-news/3", "user-news/5"], "what changed nothing is not told");
}
