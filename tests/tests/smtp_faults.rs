//! One attempt against a server that misbehaves, at every stage and in every way we know of: the outcome must name
//! the right stage and blame the right party, never be a false "accepted", never outlast its limits, and never
//! leave a mark on the next message.

use std::time::{Duration, Instant};

use afterrun_mail::{
    Class, Envelope, Gate, Limits, OpenGate, Outcome, Security, Smtp, SmtpConfig, Stage, Transport,
};
use afterrun_tests::smtp_server::{At, Certificate, Fault, ServerOptions, ServerTls, SmtpServer};

const MAIL: &[u8] = b"Subject: check-in\r\n\r\nhello\r\n.\r\n..dots\r\n";

#[tokio::test]
async fn a_good_server_takes_mail_as_it_is() {
    let server = SmtpServer::start(ServerOptions::default()).await.unwrap();
    let mut config = SmtpConfig::new("localhost", server.port(), "client.example");
    config.security = Security::PlainLoopbackOnly;
    let smtp = Smtp::new(config).unwrap();
    let envelope = Envelope::new("b+1@bounce.example", "zoe@example.org").unwrap();
    let outcome = smtp.deliver(&envelope, MAIL, &mut OpenGate).await;
    assert_eq!(outcome, Outcome::Accepted { said: "2.0.0 queued as 1".into() });
    assert_eq!(server.accepted()[0].bytes, MAIL);
}
