//! A message lacks something that every message of its kind must say.
//!
//! Every message lets the patient stop: `{{ stop_link }}`. A message of a flag's stage also says what to do in an emergency,
//! `{{ emergency_line }}`, and names the other flags it stands for, `{{ also }}`. A check-in has the link to answer,
//! `{{ check_in_link }}`.
//!
//! ```text
//! Subject: A word from us
//!
//! Please come and see us.
//! ```
//!
//! Add the lines:
//!
//! ```text
//! {% if also %}This is also about: {{ also }}.{% endif %}
//! {{ emergency_line }}
//! [Stop these emails]({{ stop_link }})
//! ```

use super::{FoundBy, Input, placeholders};
use crate::load::{findings::Findings, written::Use};

check!("missing-placeholder", Error, "missing_placeholder.rs", FoundBy::Looking(look));

fn look(input: &Input<'_>, findings: &mut Findings) {
    let uses = input.written.message_uses();
    for message in &input.written.messages {
        let body = &message.body;
        let said = written_out(body);
        let uses = placeholders::uses_of(input.written, &uses, &message.value);
        for (name, what_for, why) in [
            ("stop_link", None, "every message lets the patient stop"),
            ("emergency_line", Some(Use::Stage), "a stage's message says what to do in an emergency"),
            ("also", Some(Use::Stage), "a stage's message names the other flags it stands for"),
            ("check_in_link", Some(Use::CheckIn), "a check-in has the link to answer"),
        ] {
            let needed = what_for.is_none_or(|what_for| uses.contains(&what_for));
            if needed && !said.contains(&name) {
                let first_line = body.lines().next().map_or(0, |line| line.trim_end().len());
                findings
                    .report("missing-placeholder", placeholders::at(message, body, 0..first_line), format!("the text lacks `{{{{ {name} }}}}`"))
                    .label(why)
                    .help(format!("add `{{{{ {name} }}}}` to the text"));
            }
        }
    }
}

/// The placeholders that are written out, not only asked about in `{% if %}`.
fn written_out(text: &str) -> Vec<&str> {
    let tags = placeholders::tags(text).into_iter().filter(|tag| !tag.is_block);
    tags.flat_map(|tag| placeholders::words(text, &tag)).map(|(word, _)| word).collect()
}
