//! A clinic that writes `en-US`: no page of the real console says a date with the day first, or a time by 24 hours.
//!
//! Every page that a link leads to is read, so that a new one cannot be forgotten.

#[cfg(test)]
mod console_locale {
    use std::collections::{BTreeMap, BTreeSet, VecDeque};

    use afterrun_tests::{
        console_day::{ConsoleDay, PASSWORD},
        crowd,
        forms::{Forms, value_of},
    };

    const MONTHS: [&str; 12] = [
        "January",
        "February",
        "March",
        "April",
        "May",
        "June",
        "July",
        "August",
        "September",
        "October",
        "November",
        "December",
    ];

    /// Pages read of each kind, such as runners: enough to see the kinds of runner there are.
    const OF_A_KIND: usize = 6;

    /// Below a runner's page; a form leads there, no link.
    const ANSWER: &str = "/answer";

    /// Pages that have to be among those read.
    const KINDS: [&str; 17] = [
        "/console",
        "/console/account",
        "/console/audit",
        "/console/messages/*",
        "/console/operations",
        "/console/patients",
        "/console/patients/*",
        "/console/patients/*/answer",
        "/console/rules",
        "/console/rules/books",
        "/console/rules/books/*",
        "/console/rules/books/*/messages",
        "/console/rules/compare",
        "/console/rules/compare/*",
        "/console/scorecard",
        "/console/users",
        "/console/users/*",
    ];

    /// What people read: without tags, and without what stands in the rule files as it stands there.
    fn words(page: &str) -> String {
        let mut rest = page.to_owned();
        for (from, to) in [
            ("<textarea", "</textarea>"),
            ("<pre", "</pre>"),
            ("<table class=\"diff\"", "</table>"),
            ("<script", "</script>"),
        ] {
            while let Some(begin) = rest.find(from) {
                let end = rest[begin..].find(to).map_or(rest.len(), |end| begin + end + to.len());
                rest.replace_range(begin..end, " ");
            }
        }
        let mut words = String::new();
        let mut in_tag = false;
        for c in rest.chars() {
            match c {
                '<' => in_tag = true,
                '>' => {
                    in_tag = false;
                    words.push(' ');
                }
                _ if !in_tag => words.push(c),
                _ => {}
            }
        }
        words
    }

    fn is_month(word: &str) -> bool {
        MONTHS.iter().any(|month| *month == word || &month[..3] == word)
    }

    /// `07:05` and `19:05:30`, the way clocks of 24 hours write it.
    fn is_time(word: &str) -> bool {
        let parts: Vec<_> = word.split(':').collect();
        parts.len() >= 2
            && parts
                .iter()
                .all(|part| !part.is_empty() && part.len() <= 2 && part.bytes().all(|c| c.is_ascii_digit()))
    }

    /// Dates with the day first, and times by 24 hours.
    fn british(words: &str) -> Vec<String> {
        let words: Vec<_> = words.split_whitespace().collect();
        let bare = |word: &str| word.trim_matches(|c: char| !c.is_alphanumeric()).to_owned();
        let around = |at: usize| words[at.saturating_sub(4)..words.len().min(at + 4)].join(" ");
        let mut found = Vec::new();
        for at in 0..words.len() {
            let (word, next) =
                (bare(words[at]), words.get(at + 1).map(|next| bare(next)).unwrap_or_default());
            let is_day = word.parse::<u8>().is_ok_and(|day| (1..=31).contains(&day));
            // `Mar 28 March ...` has its number behind the month: that is none.
            let ends_a_date = at > 0 && is_month(&bare(words[at - 1]));
            if is_day && is_month(&next) && !ends_a_date && !words[at].ends_with(',') {
                found.push(around(at));
            }
            if is_time(&word) && !["am", "pm"].contains(&&*next) {
                found.push(around(at));
            }
        }
        found
    }

    #[test]
    fn what_is_british_is_found() {
        for text in ["since 28 March 2026", "Thu 2 Apr 2026, 9:00 am", "at 07:00", "19:05:30 or later"] {
            assert_eq!(british(text).len(), 1, "{text}");
        }
        for text in ["since March 28, 2026, 7:00 am", "Thu, Apr 2, 2026", "3 may run", "Mar 28 April 2"] {
            assert!(british(text).is_empty(), "{text}");
        }
    }

    /// Every page that can be reached, by its path.
    fn read_all(forms: &mut Forms, also: String) -> BTreeMap<String, String> {
        let mut pages = BTreeMap::new();
        let mut counts: BTreeMap<String, usize> = BTreeMap::new();
        let mut known = BTreeSet::from(["/console".to_owned(), also]);
        let mut waiting: VecDeque<_> = known.iter().cloned().collect();
        while let Some(path) = waiting.pop_front() {
            let count = counts.entry(kind(&path)).or_default();
            *count += 1;
            if *count > OF_A_KIND {
                continue;
            }
            let answer = forms.get(&path);
            let page = answer.is(200).body.clone();
            for link in page.split("href=\"").skip(1).filter_map(|rest| rest.split('"').next()) {
                let link = link.replace("&amp;", "&");
                let Some(at) = link.find("/console") else { continue };
                let path = link[at..].split('#').next().unwrap_or_default().to_owned();
                let is_page = !path.contains(".css") && !path.contains(".js");
                if is_page && known.insert(path.clone()) {
                    waiting.push_back(path);
                }
            }
            pages.insert(path, page);
        }
        pages
    }

    /// A path with its ids as `*`.
    fn kind(path: &str) -> String {
        let path = path.split('?').next().unwrap_or_default();
        let mut parts: Vec<_> = path.split('/').collect();
        let at = match parts.as_slice() {
            [_, _, "rules", "books" | "messages" | "compare", _, ..] => Some(4),
            [_, _, "patients" | "messages" | "users", _, ..] => Some(3),
            _ => None,
        };
        if let Some(at) = at {
            parts[at] = "*";
        }
        parts.join("/")
    }

    /// A clinic in which everything there is a page about has happened.
    fn clinic() -> (ConsoleDay, Forms) {
        let mut day = ConsoleDay::with(|clinic| {
            clinic.edit("rules/clinic.ron", "    phone:", "    locale: \"en-US\",\n    phone:");
        });
        let run = ["run", "add", &crowd::address(3), "--distance", "8mi", "--started", "2026-04-01T06:30"];
        day.day.clinic.run(day.day.now(), &run);
        let now = day.day.now();
        day.day.step_to(now);
        let ann = day.add_user("ann", "admin");
        let mut forms = Forms::at(&day.day.url(""));
        forms.sign_in(&ann, PASSWORD).is(303);
        let runner = day.page_of(0);
        forms.post(&runner, &[("do", "take")]).is(303);
        forms.post(&runner, &[("do", "snooze"), ("until", "2026-04-09"), ("why", "on holiday")]).is(303);

        // An edit here, a comparison with what was in force before, and an edit that is refused.
        let before = forms.get("/console/rules").body.clone();
        let before =
            before.split_once("/console/rules/books/").map_or("", |(_, rest)| &rest[..64]).to_owned();
        let file = day.day.clinic.folder().join("rules/clinic.ron");
        let text = std::fs::read_to_string(file).unwrap().replace("555-0100", "555-0199");
        let opened = value_of(&forms.get("/console/rules/edit?file=clinic.ron").body, "opened");
        let edit = [
            ("file", "clinic.ron"),
            ("text", &text),
            ("opened", &opened),
            ("reason", "moved"),
            ("do", "save"),
        ];
        forms.post("/console/rules/edit", &edit).is(303);
        let compared = forms.post("/console/rules/compare", &[("do", "book"), ("book", &before)]);
        let page = compared.is(303).location.clone();
        while forms.get(&page).body.contains("http-equiv=\"refresh\"") {
            std::thread::yield_now();
        }
        day.day.clinic.edit("rules/red-flags.ron", "bridge_silent_days: 2,", "bridge_silent_day: 2,");
        assert_eq!(day.day.reload(), "rejected");
        (day, forms)
    }

    #[test]
    fn every_page_of_the_console_writes_dates_as_the_clinic_does() {
        let (day, mut forms) = clinic();
        let pages = read_all(&mut forms, day.page_of(0) + ANSWER);
        let kinds: BTreeSet<_> = pages.keys().map(|path| kind(path)).collect();
        for wanted in KINDS {
            assert!(kinds.contains(wanted), "no link leads to {wanted}: {kinds:?}");
        }
        let mut wrong = Vec::new();
        for (path, page) in &pages {
            let found = british(&words(page));
            wrong.extend(found.iter().map(|found| format!("{path}: {found}")));
        }
        assert!(wrong.is_empty(), "{} are British:\n{}", wrong.len(), wrong.join("\n"));
        for (path, date) in [
            ("/console", "April 2, 2026"),
            ("/console/patients", "Fri, Mar 27, 2026"),
            ("/console/operations", " am"),
            ("/console/audit", "Thu, Apr 2, 2026, "),
            ("/console/users", "Thu, Apr 2, 2026"),
            ("/console/rules", "Thu, Apr 2, 2026, "),
            ("/console/rules/books", "Thu, Apr 2, 2026, "),
        ] {
            let words = words(&pages[path]);
            assert!(words.contains(date), "`{date}` is missing on {path}:\n{words}");
        }
    }
}
