//! How many messages may be on their way to one mail domain at a time: fewer after it has asked for fewer, more
//! again, slowly, as it takes them. One provider that slows us down must neither be pushed nor hold up the rest.

use std::collections::HashMap;

use afterrun_mail::Outcome;

/// Messages on their way to one domain at most: what a large provider takes from a small sender without a word.
const WIDEST: u32 = 4;

/// Messages taken in a row before one more may be on its way: slow enough not to be asked again at once.
const WIDEN_AFTER: u32 = 10;

/// Domains remembered at most; beyond it those at rest are forgotten. A clinic's runners use some hundred.
const REMEMBERED_AT_MOST: usize = 1_000;

/// One lane for each domain.
#[derive(Default)]
pub(super) struct Lanes(HashMap<String, Lane>);

struct Lane {
    in_flight: u32,
    width: u32,
    taken_in_a_row: u32,
}

impl Lane {
    fn at_rest(&self) -> bool {
        self.in_flight == 0 && self.width == WIDEST
    }
}

/// The domain of an address, in lower case.
pub(super) fn domain_of(address: &str) -> String {
    address.rsplit_once('@').map_or("", |(_, domain)| domain).to_ascii_lowercase()
}

impl Lanes {
    /// Lets a message go if there is room; it is on its way then.
    pub(super) fn enter(&mut self, domain: &str) -> bool {
        if self.0.len() >= REMEMBERED_AT_MOST && !self.0.contains_key(domain) {
            self.0.retain(|_, lane| !lane.at_rest());
        }
        let fresh = Lane { in_flight: 0, width: WIDEST, taken_in_a_row: 0 };
        let lane = self.0.entry(domain.to_owned()).or_insert(fresh);
        let room = lane.in_flight < lane.width;
        lane.in_flight += u32::from(room);
        room
    }

    /// A message is no longer on its way.
    pub(super) fn leave(&mut self, domain: &str) {
        if let Some(lane) = self.0.get_mut(domain) {
            lane.in_flight = lane.in_flight.saturating_sub(1);
        }
    }

    /// Learns from an answer. True: the domain asked for fewer, and gets them.
    pub(super) fn learn(&mut self, domain: &str, outcome: &Outcome) -> bool {
        let Some(lane) = self.0.get_mut(domain) else { return false };
        match outcome {
            Outcome::Accepted { .. } => {
                lane.taken_in_a_row += 1;
                if lane.taken_in_a_row >= WIDEN_AFTER && lane.width < WIDEST {
                    lane.width += 1;
                    lane.taken_in_a_row = 0;
                }
                false
            }
            outcome if asks_for_fewer(outcome) => {
                lane.taken_in_a_row = 0;
                let narrower = (lane.width / 2).max(1);
                let narrowed = narrower < lane.width;
                lane.width = narrower;
                narrowed
            }
            _ => false,
        }
    }
}

/// 421 (RFC 5321 section 4.2.3) and 4.7.x (RFC 3463: policy) are how providers say "too many, too fast".
fn asks_for_fewer(outcome: &Outcome) -> bool {
    match outcome {
        Outcome::Rejected { code: 421, .. } => true,
        Outcome::Rejected { enhanced: Some(enhanced), .. } => enhanced.starts_with("4.7."),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use afterrun_mail::Stage;

    fn said(code: u16, enhanced: &str) -> Outcome {
        let enhanced = (!enhanced.is_empty()).then(|| enhanced.to_owned());
        Outcome::Rejected { stage: Stage::Recipient, code, enhanced, said: "no".into() }
    }

    fn taken() -> Outcome {
        Outcome::Accepted { said: "250 ok".into() }
    }

    /// How many may be on their way at once.
    fn width(lanes: &mut Lanes, domain: &str) -> u32 {
        let entered = (0..10).filter(|_| lanes.enter(domain)).count();
        (0..entered).for_each(|_| lanes.leave(domain));
        u32::try_from(entered).unwrap()
    }

    #[test]
    fn each_domain_has_its_own() {
        let mut lanes = Lanes::default();
        assert_eq!(width(&mut lanes, "a.example"), 4);
        assert!(lanes.learn("a.example", &said(421, "")));
        assert_eq!((width(&mut lanes, "a.example"), width(&mut lanes, "b.example")), (2, 4));
    }

    #[test]
    fn only_a_request_for_fewer_narrows() {
        for (outcome, expected) in [
            (said(421, ""), 2),
            (said(451, "4.7.1"), 2),
            (said(451, "4.3.0"), 4),
            (said(550, "5.7.1"), 4),
            (Outcome::Unknown { why: "cut".into() }, 4),
        ] {
            let mut lanes = Lanes::default();
            assert!(lanes.enter("a.example"));
            lanes.learn("a.example", &outcome);
            lanes.leave("a.example");
            assert_eq!(width(&mut lanes, "a.example"), expected, "{outcome}");
        }
    }

    #[test]
    fn it_widens_slowly_and_never_closes() {
        let mut lanes = Lanes::default();
        assert!(lanes.enter("a.example"));
        let narrowed = [true, true, false].map(|_| lanes.learn("a.example", &said(421, "4.7.0")));
        assert_eq!(narrowed, [true, true, false], "told when it changes");
        lanes.leave("a.example");
        assert_eq!(width(&mut lanes, "a.example"), 1);
        for expected in [2, 3, 4, 4] {
            (0..10).for_each(|_| assert!(!lanes.learn("a.example", &taken())));
            assert_eq!(width(&mut lanes, "a.example"), expected);
        }
    }

    #[test]
    fn domains_at_rest_are_forgotten() {
        let mut lanes = Lanes::default();
        assert!(lanes.enter("slow.example"));
        lanes.learn("slow.example", &said(421, ""));
        lanes.leave("slow.example");
        for number in 0..5_000 {
            let domain = format!("{number}.example");
            assert!(lanes.enter(&domain));
            lanes.leave(&domain);
        }
        assert!(lanes.0.len() <= REMEMBERED_AT_MOST);
        assert_eq!(width(&mut lanes, "slow.example"), 2);
        assert_eq!(domain_of("Zoe@Mail.EXAMPLE"), "mail.example");
    }
}
