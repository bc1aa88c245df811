//! What the world's name servers say of the clinic's domains: whether mail in its name is believed, whether
//! bounces find their way back. DKIM is not looked at: only the relay knows its selector.

use std::time::Duration;

use hickory_resolver::{TokioResolver, proto::rr::RData};

use super::Finding;
use crate::config::Config;

/// Longest a question may take.
const PATIENCE: Duration = Duration::from_secs(3);
/// Top-level names that are nobody's (RFC 2606, RFC 6761, RFC 6762).
const NOBODYS: [&str; 6] = ["example", "invalid", "local", "localhost", "test", "internal"];

/// What came of a question.
enum Answer {
    Records(Vec<String>),
    Nothing,
    NoResolver,
}

pub(super) async fn look(config: &Config) -> Vec<Finding> {
    let from = config.from_domain();
    if is_nobodys(from) {
        return vec![Finding::skipped("names", format!("`{from}` is nobody's domain: nothing to ask for"))];
    }
    let Some(resolver) = resolver() else {
        return vec![Finding::skipped("names", "no name server is configured on this machine")];
    };
    let returns = config.returns_to();
    let spf = text(&resolver, returns).await;
    if matches!(spf, Answer::NoResolver) {
        return vec![Finding::skipped("names", "no name server answers")];
    }
    let mut findings =
        vec![spf_finding(returns, &spf), dmarc(&resolver, from).await, mx(&resolver, returns).await];
    if let Some(host) = config.base_url.as_deref().and_then(host_of) {
        findings.push(pages(&resolver, host).await);
    }
    findings
}

fn resolver() -> Option<TokioResolver> {
    let mut builder = TokioResolver::builder_tokio().ok()?;
    builder.options_mut().timeout = PATIENCE;
    builder.options_mut().attempts = 1;
    builder.build().ok()
}

fn is_nobodys(domain: &str) -> bool {
    let top = domain.trim_end_matches('.').rsplit('.').next().unwrap_or_default();
    NOBODYS.iter().any(|nobodys| top.eq_ignore_ascii_case(nobodys))
}

/// The host of an address of pages.
fn host_of(url: &str) -> Option<&str> {
    let rest = url.split_once("://")?.1;
    let host = rest.split(['/', ':', '?']).next()?;
    (!host.is_empty() && !is_nobodys(host) && host.parse::<std::net::IpAddr>().is_err()).then_some(host)
}

async fn text(resolver: &TokioResolver, name: &str) -> Answer {
    let asked = tokio::time::timeout(PATIENCE * 2, resolver.txt_lookup(absolute(name))).await;
    match asked {
        Ok(Ok(found)) => Answer::Records(
            found
                .answers()
                .iter()
                .filter_map(|record| match &record.data {
                    // One record may come in several pieces, which belong together without a space.
                    RData::TXT(text) => {
                        let pieces = text.txt_data.iter().map(|piece| String::from_utf8_lossy(piece));
                        Some(pieces.collect::<String>())
                    }
                    _ => None,
                })
                .collect(),
        ),
        Ok(Err(why)) if why.is_no_records_found() || why.is_nx_domain() => Answer::Nothing,
        _ => Answer::NoResolver,
    }
}

/// With a dot at its end no search list of this machine is tried.
fn absolute(name: &str) -> String {
    format!("{}.", name.trim_end_matches('.'))
}

fn spf_finding(domain: &str, answer: &Answer) -> Finding {
    let topic = "SPF";
    let records = match answer {
        Answer::Records(records) => records.as_slice(),
        _ => &[],
    };
    let spf: Vec<_> =
        records.iter().filter(|record| record.to_ascii_lowercase().starts_with("v=spf1")).collect();
    match spf.as_slice() {
        [] => Finding::bad(
            topic,
            format!("`{domain}` has none"),
            format!("add a TXT record to {domain}: \"v=spf1 include:<your relay> -all\""),
        ),
        [one] if one.contains("+all") => {
            Finding::bad(topic, format!("`{domain}` lets everybody send"), "end the record with `-all`")
        }
        [_] => Finding::well(topic, format!("`{domain}` has one")),
        _ => Finding::bad(
            topic,
            format!("`{domain}` has several, which counts as none"),
            "put them into one record (RFC 7208 section 3.2)",
        ),
    }
}

/// At the domain itself, else at a parent of it.
async fn dmarc(resolver: &TokioResolver, from: &str) -> Finding {
    let topic = "DMARC";
    let mut domain = from;
    loop {
        if let Answer::Records(records) = text(resolver, &format!("_dmarc.{domain}")).await
            && records.iter().any(|record| record.starts_with("v=DMARC1"))
        {
            return Finding::well(topic, format!("`_dmarc.{domain}` has one"));
        }
        match domain.split_once('.') {
            Some((_, parent)) if parent.contains('.') => domain = parent,
            _ => break,
        }
    }
    Finding::bad(
        topic,
        format!("`{from}` has none"),
        format!("add a TXT record to _dmarc.{from}: \"v=DMARC1; p=none; rua=mailto:...\""),
    )
}

async fn mx(resolver: &TokioResolver, returns: &str) -> Finding {
    let topic = "bounces";
    match tokio::time::timeout(PATIENCE * 2, resolver.mx_lookup(absolute(returns))).await {
        Ok(Ok(found)) if !found.answers().is_empty() => {
            Finding::well(topic, format!("`{returns}` takes mail"))
        }
        Ok(Err(why)) if why.is_no_records_found() || why.is_nx_domain() => Finding::bad(
            topic,
            format!("`{returns}` has no MX: undeliverable mail comes back to nobody"),
            "name a domain with a mailbox in `bounce_domain`; deploy/README.md shows how it reaches `afterrun mail bounce`",
        ),
        _ => Finding::skipped(topic, "the name server did not answer"),
    }
}

async fn pages(resolver: &TokioResolver, host: &str) -> Finding {
    let topic = "pages";
    match tokio::time::timeout(PATIENCE * 2, resolver.lookup_ip(absolute(host))).await {
        Ok(Ok(_)) => Finding::well(topic, format!("`{host}` has an address")),
        Ok(Err(why)) if why.is_no_records_found() || why.is_nx_domain() => Finding::bad(
            topic,
            format!("`{host}` has no address: links in mails lead nowhere"),
            "add an A or AAAA record, or correct `base_url`",
        ),
        _ => Finding::skipped(topic, "the name server did not answer"),
    }
}

#[cfg(test)]
mod tests {
    use super::super::Verdict;
    use super::*;

    #[test]
    fn an_spf_record_is_one_and_says_who() {
        let cases: [(&[&str], Verdict); 6] = [
            (&["v=spf1 include:_spf.provider.example -all"], Verdict::Well),
            (&["some-verification=1", "V=SPF1 mx ~all"], Verdict::Well),
            (&["some-verification=1"], Verdict::Bad),
            (&[], Verdict::Bad),
            (&["v=spf1 +all"], Verdict::Bad),
            (&["v=spf1 mx -all", "v=spf1 a -all"], Verdict::Bad),
        ];
        for (records, expected) in cases {
            let answer = Answer::Records(records.iter().map(|record| (*record).to_owned()).collect());
            assert_eq!(spf_finding("clinic.example", &answer).verdict, expected, "{records:?}");
        }
    }

    #[test]
    fn only_names_that_somebody_may_have_are_asked_for() {
        let cases = [
            ("https://runners.clinic.org/x", Some("runners.clinic.org")),
            ("http://runners.clinic.org:8080", Some("runners.clinic.org")),
            ("https://runners.clinic.example", None),
            ("http://127.0.0.1:8080", None),
            ("http://localhost", None),
        ];
        for (url, expected) in cases {
            assert_eq!(host_of(url), expected, "{url}");
        }
    }
}
