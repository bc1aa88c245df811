//! Killed again and again while it sends: nothing is lost, nobody gets what is another's, and whatever arrives
//! twice is the same mail.
//!
//! Killed 100 times during 2,000 messages, which takes 20 seconds with a debug build on two cores.
//! `AFTERRUN_KILLS` and `AFTERRUN_MESSAGES` ask for other figures, `AFTERRUN_SEED` repeats a run's kill points;
//! where exactly the process is by then is the scheduler's choice.

#![expect(clippy::unwrap_used, clippy::panic, reason = "helpers of tests")]

use std::{
    collections::{BTreeMap, BTreeSet},
    hash::{BuildHasher, RandomState},
    sync::Arc,
    time::Duration,
};

use afterrun_store::{MessageState, Store};
use afterrun_tests::{
    crowd,
    daemon::Clinic,
    mailbox::ReceivedMail,
    smtp_server::{At, Fault, ServerOptions, SmtpServer, TakenMail},
    story::local,
};
use chrono_tz::Tz;

/// Connections at a time: as many messages may be between the server's acceptance and our record of it.
const CONNECTIONS: usize = 4;

/// What a message adds to the server's count: MAIL, RCPT, DATA and the message itself.
const EVENTS_A_MESSAGE: usize = 4;

/// How long a daemon may go without the next event before something is wrong.
const PATIENCE: Duration = Duration::from_secs(60);

/// How long a note that comes early may take to come; one that is late comes never, for the server is held up.
const FAIR: Duration = Duration::from_secs(2);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_at_random_points_nothing_is_lost_and_copies_are_few_and_alike() {
    let (kills, messages) = (figure("AFTERRUN_KILLS", 100), figure("AFTERRUN_MESSAGES", 2_000));
    let seed = std::env::var("AFTERRUN_SEED").ok().and_then(|text| text.parse().ok());
    let mut random = Random(seed.unwrap_or_else(|| RandomState::new().hash_one("seed")));
    println!("AFTERRUN_SEED={} AFTERRUN_KILLS={kills} AFTERRUN_MESSAGES={messages}", random.0);

    let smtp = SmtpServer::start(ServerOptions::default()).await.unwrap();
    let clinic = Clinic::new(Some(smtp.port()));
    clinic.edit("rules/clinic.ron", "all_per_hour: 2000", "all_per_hour: 100000");
    let store: Arc<dyn Store> = Arc::new(clinic.store());
    let now = local("2026-03-27", "10:30");
    crowd::enrol(&store, messages, &[Tz::Europe__London], local("2026-03-27", "08:00"), now).await;

    // The first tenth of the kills hit the planning, before anything is sent; the others the sending.
    let planning = kills / 10;
    for kill in 0..planning {
        let mut daemon = clinic.serve();
        daemon.begin(now);
        // Spread over the plans still to be made.
        let planned = store.queue_depth(now).await.unwrap().due;
        let span = (messages as u64 - planned) / (planning - kill + 1) as u64;
        let until = planned + 1 + random.below(span.max(1));
        while store.queue_depth(now).await.unwrap().due < until && !daemon.is_done() {
            tokio::task::yield_now().await;
        }
        daemon.kill();
    }
    assert_eq!(smtp.taken().len(), 0, "nothing leaves before all is planned");

    for kill in planning..kills {
        // Each kill gets at most its share of what is left, so that something is left for every other.
        let left = messages.saturating_sub(accepted(&smtp)) * EVENTS_A_MESSAGE;
        let share = left / (kills - kill + 1);
        let until = smtp.events() + 1 + random.below(share.max(1) as u64) as usize;
        let mut daemon = clinic.serve();
        daemon.begin(now);
        let happened = tokio::time::timeout(PATIENCE, smtp.happened(until)).await;
        assert!(happened.is_ok(), "kill {kill}: the daemon does not go on\n{}", clinic.log());
        daemon.kill();
    }
    assert!(accepted(&smtp) < messages, "all was sent before the last kill: the kills came too late");
    let mut daemon = clinic.serve();
    daemon.at(now);
    assert!(daemon.stop());

    let taken = smtp.accepted();
    let extra = check(&taken, &*store, messages).await;
    println!("{extra} copies more than messages after {kills} kills");
    assert!(extra <= CONNECTIONS * (kills - planning), "{extra} copies too many after {kills} kills");
}

/// To a quick server a message is noted as being sent while the server still thinks about its recipient. A daemon killed
/// there cannot know, afterwards, that no byte of it had left: it is in doubt, is sent again, and arrives once.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_between_the_note_and_the_message_nothing_is_lost_and_nothing_doubled() {
    const RUNNERS: usize = 30;
    let smtp = SmtpServer::start(ServerOptions::default()).await.unwrap();
    let port = smtp.port();
    let clinic = Clinic::configured(&format!(
        "smtp: (host: \"127.0.0.1\", port: {port}, security: Plain, connections: 1),"
    ));
    let store: Arc<dyn Store> = Arc::new(clinic.store());
    let now = local("2026-03-27", "10:30");
    crowd::enrol(&store, RUNNERS, &[Tz::Europe__London], local("2026-03-27", "08:00"), now).await;

    // Nobody is known to be quick before the first message.
    smtp.once(At::Recipient, Fault::reply("250 2.1.5 ok"));
    let held = || smtp.once(At::Recipient, Fault::Held("250 2.1.5 ok\r\n".to_owned()));
    held();
    let mut daemon = clinic.serve();
    daemon.begin(now);
    let mut recipients = 1;
    // On a busy machine even this server is slow at times, and then nothing is noted before it has answered.
    let early = loop {
        recipients += 1;
        assert!(recipients <= RUNNERS, "nothing was noted while the server thought");
        let heard = async {
            loop {
                let so_far = smtp.events();
                if asked_for(&smtp) >= recipients {
                    break;
                }
                smtp.happened(so_far + 1).await;
            }
        };
        assert!(tokio::time::timeout(PATIENCE, heard).await.is_ok(), "{}", clinic.log());
        if let Some(early) = noted(&*store).await {
            break early;
        }
        held();
        smtp.release();
    };
    let before = smtp.taken().len();
    daemon.kill();

    assert_eq!((before, smtp.count_for(&early)), (recipients - 1, 0), "its message has not left");
    let mut daemon = clinic.serve();
    daemon.at(now);
    assert!(daemon.stop());
    assert_eq!(check(&smtp.accepted(), &*store, RUNNERS).await, 0, "copies");
}

/// Recipients the server was asked for.
fn asked_for(smtp: &SmtpServer) -> usize {
    smtp.heard().iter().filter(|heard| heard.line.starts_with("RCPT")).count()
}

/// To whom a message is on its way, once one is; none: within a fair time none was.
async fn noted(store: &dyn Store) -> Option<String> {
    let waiting = async {
        loop {
            let outbox = crowd::outbox(store).await;
            let under_way = outbox.into_iter().find(|message| message.state == MessageState::Transmitting);
            if let Some(mail) = under_way.and_then(|message| message.mail) {
                return mail.recipient;
            }
        }
    };
    tokio::time::timeout(FAIR, waiting).await.ok()
}

/// Holds what arrived against the outbox; returns how many copies arrived beyond the first of each.
async fn check(taken: &[TakenMail], store: &dyn Store, messages: usize) -> usize {
    let outbox = crowd::outbox(store).await;
    assert_eq!(outbox.len(), messages, "one message a runner is planned, whatever happens");
    let mut intended = BTreeMap::new();
    for message in &outbox {
        assert_eq!(message.state, MessageState::Accepted, "{}", message.identity_text);
        let mail = message.mail.as_ref().unwrap();
        intended.insert(mail.message_id.clone(), mail.recipient.clone());
    }
    assert_eq!(intended.values().collect::<BTreeSet<_>>().len(), messages, "each to somebody else");

    let mut arrived: BTreeMap<String, &TakenMail> = BTreeMap::new();
    let mut extra = 0;
    for mail in taken {
        let read = ReceivedMail::read(&mail.bytes);
        let id = read.header("Message-ID").unwrap().to_owned();
        let recipient = intended.get(&id).unwrap_or_else(|| panic!("{id} is in no outbox"));
        assert_eq!(mail.to, [recipient.as_str()], "the envelope of {id}");
        assert!(read.to.ends_with(&format!("<{recipient}>")), "{id} says it is for {}", read.to);
        let number = recipient.trim_start_matches("runner-").split('@').next().unwrap();
        let name = crowd::first_name(number.parse().unwrap());
        assert!(read.text.contains(&name), "{id} does not speak to {name}:\n{}", read.text);
        match arrived.get(&id) {
            None => drop(arrived.insert(id, mail)),
            Some(first) => {
                extra += 1;
                assert_eq!(mail.bytes, first.bytes, "a copy of {id} differs");
                assert_eq!(mail.from, first.from, "a copy of {id} returns elsewhere");
            }
        }
    }
    assert_eq!(arrived.len(), messages, "messages that never arrived");
    extra
}

/// Messages the server has taken, each counted once however often it came.
fn accepted(smtp: &SmtpServer) -> usize {
    let taken = smtp.accepted();
    taken.iter().map(|mail| &mail.to).collect::<BTreeSet<_>>().len()
}

fn figure(name: &str, otherwise: usize) -> usize {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(otherwise)
}

/// A stream of numbers from a seed (splitmix64: Steele, Lea, Flood 2014).
struct Random(u64);

impl Random {
    fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % end
    }
}
