//! The demonstration tells its story, offers nothing from elsewhere, and ends when told.

use std::{
    io::{Read, Write},
    net::TcpStream,
    time::{Duration, Instant},
};

use afterrun::demo::Demo;
use tokio::{
    sync::{oneshot, watch},
    task::spawn_blocking,
};

/// One request over a fresh connection; the whole answer.
async fn ask(address: &str, request: &str, body: &str) -> String {
    let address = address.to_owned();
    let request = format!(
        "{request} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\nContent-Length: {}\r\n\
         Content-Type: application/x-www-form-urlencoded\r\n\r\n{body}",
        body.len()
    );
    let exchange = move || {
        let mut stream = TcpStream::connect(address).unwrap();
        stream.write_all(request.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    };
    spawn_blocking(exchange).await.unwrap()
}

#[tokio::test]
async fn pain_that_stays_is_told_and_the_clinic_knows_why() {
    let folder = tempfile::tempdir().unwrap();
    let (stop, stopped) = watch::channel(false);
    let (announce, announced) = oneshot::channel();
    let path = folder.path().to_owned();
    let demo = tokio::spawn(async move {
        let tell = |stage: &afterrun::demo::Stage| {
            announce.send(stage.clone()).map_err(|_| anyhow::anyhow!("nobody listens"))
        };
        Demo::run(&path, 0, tell, stopped).await
    });
    let stage = announced.await.unwrap();
    assert!(stage.rules_are_a_copy && stage.rules.starts_with(folder.path()));
    let address = stage.url.strip_prefix("http://").unwrap();

    let page = ask(address, "GET /", "").await;
    for words in ["Monday 4 May", "Maya Lindqvist", "Tom Okafor", "Your plan for the next days", "in force"] {
        assert!(page.contains(words), "no `{words}` on the first page");
    }
    for _ in 0..6 {
        let answer = ask(address, "POST /demo/clock", "leap=morning").await;
        assert!(answer.starts_with("HTTP/1.1 303 "), "{answer}");
    }
    let page = ask(address, "GET /", "").await;
    for words in [
        "Sunday 10 May",
        "Please call us about your check-ins",
        "A note about your check-ins",
        "pain lasting: see-us",
        "may run again",
        "still reported on 10 May 2026 (day 5)",
    ] {
        assert!(page.contains(words), "no `{words}` after six mornings");
    }
    for foreign in ["src=\"ht", "href=\"//", "url(ht", "cdn"] {
        assert!(!page.contains(foreign), "something from elsewhere: `{foreign}`");
    }
    let mail = ask(address, "GET /demo/mail/1", "").await;
    assert!(mail.contains("sandbox") && mail.contains("<base target=\"_blank\">"));

    stop.send_replace(true);
    demo.await.unwrap().unwrap();
}

#[tokio::test]
async fn dates_are_written_as_the_clinic_writes_them() {
    let folder = tempfile::tempdir().unwrap();
    let (stop, stopped) = watch::channel(false);
    let (announce, announced) = oneshot::channel();
    let path = folder.path().to_owned();
    let demo = tokio::spawn(async move {
        let tell = |stage: &afterrun::demo::Stage| {
            announce.send(stage.clone()).map_err(|_| anyhow::anyhow!("nobody listens"))
        };
        Demo::run(&path, 0, tell, stopped).await
    });
    let stage = announced.await.unwrap();
    let address = stage.url.strip_prefix("http://").unwrap();
    let file = stage.rules.join("clinic.ron");
    let clinic = std::fs::read_to_string(&file).unwrap();
    let american = clinic.replacen("    phone:", "    locale: \"en-US\",\n    phone:", 1);
    assert_ne!(clinic, american);
    std::fs::write(&file, american).unwrap();
    let since = Instant::now();
    let page = loop {
        let page = ask(address, "GET /", "").await;
        if page.contains("Monday, May 4") {
            break page;
        }
        assert!(since.elapsed() < Duration::from_secs(60), "the page still writes: {page}");
    };
    assert!(page.contains("9:00 am"), "the clock");
    for british in ["Monday 4 May", " 4 May, ", "Mon 4 May", ">09:00<"] {
        assert!(!page.contains(british), "`{british}` is how others write it");
    }
    stop.send_replace(true);
    demo.await.unwrap().unwrap();
}
