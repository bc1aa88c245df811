//! The mistakes of a configuration file, shown as those of the rules are: the place, carets, what to write.
//!
//! The parser stops at the first mistake. To find the next one, the field that holds it is blanked out and the rest
//! read again; every place stays what it is in the file.

use std::{net::IpAddr, ops::Range, path::Path};

use afterrun_rules::{
    diagnostic::{Diagnostic, Severity},
    load::text::FileText,
    notation::{spanned::Found, wording},
    render_diagnostic::{Style, render},
};
use afterrun_web::TrustedProxies;
use ron::value::RawValue;

use super::{Config, Security};

/// Mistakes shown at once.
const AT_MOST: usize = 20;

/// Everything wrong with a configuration, in the order of the file; empty if it is sound.
pub(super) fn find(text: &str) -> Vec<Found> {
    let mut found: Vec<Found> = Vec::new();
    let mut rest = text.to_owned();
    while found.len() < AT_MOST {
        match super::read(&rest) {
            Ok(config) => {
                found.extend(misfits(&config, text));
                break;
            }
            Err(mistake) => {
                let mut one = wording::found(&rest, 0, &mistake);
                // What is missing is missing from the field that the parser had come to the end of.
                let missing = match &mistake.code {
                    ron::Error::MissingStructField { field, .. } => Some(*field),
                    _ => None,
                };
                let place = match missing {
                    Some(_) => start_of(&rest, mistake.span.start),
                    None => one.span.clone(),
                };
                let kind = if missing.is_some() { Kind::Struct } else { Kind::Any };
                let field = field_around(&rest, &place, kind);
                if let (Some(_), Some(field)) = (missing, &field) {
                    one.span = field.start..field.start + 1;
                }
                // A field that was blanked out is not missing in the file.
                if missing.is_none_or(|missing| value_of(text, missing).is_empty()) {
                    if one.message == "invalid socket address syntax" {
                        "this is no address with a port".clone_into(&mut one.message);
                        one.help = Some("write it like \"127.0.0.1:8080\"".to_owned());
                    }
                    one.help = one.help.map(|help| help.replace(", such as \"pain-lasting\"", ""));
                    found.push(one);
                }
                match field {
                    Some(field) => blank(&mut rest, field),
                    None => break,
                }
            }
        }
    }
    found.sort_by_key(|found| found.span.start);
    found
}

/// What the parser takes and no clinic can use.
fn misfits(config: &Config, text: &str) -> Vec<Found> {
    let unfit = |field: &str, message: String, help: &str| Found {
        code: "invalid-value",
        span: value_of(text, field),
        message,
        label: "cannot be used here".to_owned(),
        help: Some(help.to_owned()),
        also: Vec::new(),
    };
    let mut found = Vec::new();
    if let Some(url) = &config.base_url
        && !(url.starts_with("https://") || url.starts_with("http://"))
    {
        let message = format!("{} is no address of a page", wording::quote(url));
        found.push(unfit(
            "base_url",
            message,
            "write it with what it begins with: \"https://runners.clinic.example\"",
        ));
    }
    let addresses = [("address", Some(&config.from.address)), ("reply_to", config.from.reply_to.as_ref())];
    for (field, address) in addresses {
        if let Some(address) = address.filter(|address| !address.contains('@')) {
            let message = format!("{} is no mail address", wording::quote(address));
            found.push(unfit(field, message, "write it like \"checkin@clinic.example\""));
        }
    }
    if let Some(smtp) = config.smtp.as_ref().filter(|smtp| smtp.security == Security::Plain)
        && !is_loopback(&smtp.host)
    {
        let message =
            format!("{} is another machine, and mail would go to it without TLS", wording::quote(&smtp.host));
        let help =
            "write `security: StartTls` or `Tls` beside it, or \"127.0.0.1\" for a relay on this machine";
        found.push(unfit("host", message, help));
    }
    if let Err(why) = TrustedProxies::read(&config.trusted_proxies) {
        let help = "write it like [\"10.89.0.0/24\"]";
        found.push(unfit("trusted_proxies", why.to_string(), help));
    }
    found
}

/// Whether a host is this machine whatever a name server says.
fn is_loopback(host: &str) -> bool {
    let literal = host.trim_start_matches('[').trim_end_matches(']');
    host.eq_ignore_ascii_case("localhost")
        || literal.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

/// The findings as text for a terminal, and how many there are.
pub(super) fn shown(path: &Path, text: &str, found: Vec<Found>) -> String {
    let name = path.display().to_string();
    let file = FileText::new(name.as_str().into(), text.to_owned());
    let shown = found.into_iter().map(|found| {
        let span = file.clamp(&found.span);
        let (line, column) = file.line_and_column(span.start);
        let diagnostic = Diagnostic {
            code: found.code,
            severity: Severity::Error,
            file: name.as_str().into(),
            span,
            line,
            column,
            message: found.message,
            label: found.label,
            help: found.help,
            also: found.also,
        };
        render(&diagnostic, Some(text), "", Style::Plain)
    });
    shown.collect::<Vec<_>>().join("\n").trim_end().to_owned()
}

/// The place of a line and column, both from 1.
fn start_of(text: &str, at: ron::error::Position) -> Range<usize> {
    let line: usize = text.split_inclusive('\n').take(at.line.saturating_sub(1)).map(str::len).sum();
    let column = text[line..].chars().take(at.col.saturating_sub(1)).map(char::len_utf8).sum::<usize>();
    line + column..line + column
}

/// Which fields are looked for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Any,
    /// Those whose value has fields of its own.
    Struct,
}

/// The innermost `name: value` that holds a place, and the comma after it.
fn field_around(text: &str, place: &Range<usize>, kind: Kind) -> Option<Range<usize>> {
    let mut innermost = None;
    for (colon, _) in text.match_indices(':') {
        let name = text[..colon].trim_end();
        let start = name.trim_end_matches(|c: char| c.is_ascii_alphanumeric() || c == '_').len();
        let is_struct = text[colon + 1..].trim_start().starts_with('(');
        if start == name.len() || start > place.start || (kind == Kind::Struct && !is_struct) {
            continue;
        }
        let Some(end) = value_end(text, colon + 1) else { continue };
        if end >= place.end {
            innermost = Some(start..end);
        }
    }
    let field = innermost?;
    let comma = text[field.end..].trim_start().starts_with(',');
    let end = if comma { field.end + text[field.end..].find(',')? + 1 } else { field.end };
    Some(field.start..end)
}

/// Where the value that begins at a place ends.
fn value_end(text: &str, start: usize) -> Option<usize> {
    let rest = text.get(start..)?;
    let mut parser = ron::Deserializer::from_str(rest).ok()?;
    let _: &RawValue = serde::Deserialize::deserialize(&mut parser).ok()?;
    Some(start + rest.len() - parser.remainder().len())
}

/// The value of the first field of this name; the start of the file if it is not written.
fn value_of(text: &str, field: &str) -> Range<usize> {
    let named = text.match_indices(field).find_map(|(at, _)| {
        let after = text[at + field.len()..].trim_start();
        after.starts_with(':').then(|| text.len() - after.len() + 1)
    });
    let Some(start) = named else { return 0..0 };
    let end = value_end(text, start).unwrap_or(start);
    let value = &text[start..end];
    let leading = value.len() - value.trim_start().len();
    start + leading..start + value.trim_end().len()
}

/// Spaces in place of a field, line ends kept, byte for byte.
fn blank(text: &mut String, field: Range<usize>) {
    let spaces: String =
        text[field.clone()].bytes().map(|byte| if byte == b'\n' { '\n' } else { ' ' }).collect();
    text.replace_range(field, &spaces);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &str) {
        let found = find(text);
        let shown = shown(Path::new("afterrun.ron"), text, found);
        assert_eq!(shown.trim_end(), expected.trim(), "{text}\n{shown}");
    }

    #[test]
    fn every_mistake_is_shown_at_its_place() {
        let text = concat!(
            "Config(\n",
            "    lisen: \"127.0.0.1:1\",\n",
            "    base_url: \"clinic.example\",\n",
            "    mode: Shadwo,\n",
            "    smtp: (host: 5, port: \"465\"),\n",
            "    from: (address: \"nobody\"),\n",
            ")\n",
        );
        check(
            text,
            r#"
error[unknown-field]: there is no field `lisen` here
 --> afterrun.ron:2:5
  |
2 |     lisen: "127.0.0.1:1",
  |     ^^^^^ not a field of this
  |
  = help: did you mean `listen`?

error[invalid-value]: `clinic.example` is no address of a page
 --> afterrun.ron:3:15
  |
3 |     base_url: "clinic.example",
  |               ^^^^^^^^^^^^^^^^ cannot be used here
  |
  = help: write it with what it begins with: "https://runners.clinic.example"

error[unknown-variant]: `Shadwo` is not one of the choices here
 --> afterrun.ron:4:11
  |
4 |     mode: Shadwo,
  |           ^^^^^^ not a choice
  |
  = help: did you mean `Shadow`?

error[invalid-value]: a text in straight quotes is wanted here
 --> afterrun.ron:5:18
  |
5 |     smtp: (host: 5, port: "465"),
  |                  ^ not a text
  |
  = help: put texts and names between straight quotes

error[invalid-value]: a number is wanted here, not a text
 --> afterrun.ron:5:27
  |
5 |     smtp: (host: 5, port: "465"),
  |                           ^^^^^ a text
  |
  = help: write 465, not "465"

error[invalid-value]: `nobody` is no mail address
 --> afterrun.ron:6:21
  |
6 |     from: (address: "nobody"),
  |                     ^^^^^^^^ cannot be used here
  |
  = help: write it like "checkin@clinic.example"
"#,
        );
    }

    #[test]
    fn where_rules_may_be_edited_is_one_of_two_words() {
        check(
            "(\n  edit_rules: InConsol,\n)",
            r#"
error[unknown-variant]: `InConsol` is not one of the choices here
 --> afterrun.ron:2:15
  |
2 |   edit_rules: InConsol,
  |               ^^^^^^^^ not a choice
  |
  = help: did you mean `InConsole`?
"#,
        );
    }

    #[test]
    fn mail_goes_without_tls_to_this_machine_alone() {
        for host in ["localhost", "LOCALHOST", "127.0.0.1", "127.0.1.1", "::1"] {
            assert_eq!(find(&format!("(smtp: (host: \"{host}\", security: Plain))")).len(), 0, "{host}");
        }
        check(
            "(\n  smtp: (host: \"relay.example\", security: Plain),\n)",
            r#"
error[invalid-value]: `relay.example` is another machine, and mail would go to it without TLS
 --> afterrun.ron:2:16
  |
2 |   smtp: (host: "relay.example", security: Plain),
  |                ^^^^^^^^^^^^^^^ cannot be used here
  |
  = help: write `security: StartTls` or `Tls` beside it, or "127.0.0.1" for a relay on this machine
"#,
        );
    }

    #[test]
    fn what_is_missing_is_shown_where_it_belongs() {
        check(
            "(\n  smtp: (port: 25),\n  listen: \"here\",\n)",
            r#"
error[missing-field]: the field `host` is missing
 --> afterrun.ron:2:3
  |
2 |   smtp: (port: 25),
  |   ^ `host` is missing from this
  |
  = help: add `host: ...`

error[invalid-value]: this is no address with a port
 --> afterrun.ron:3:12
  |
3 |   listen: "here",
  |            ^^^^ cannot be used here
  |
  = help: write it like "127.0.0.1:8080"
"#,
        );
    }

    #[test]
    fn any_broken_text_comes_to_an_end() {
        let whole = include_str!("../../../../deploy/afterrun.ron");
        for cut in (0..whole.len()).filter(|cut| whole.is_char_boundary(*cut)).step_by(7) {
            assert!(find(&whole[..cut]).len() <= AT_MOST);
            let torn =
                format!("{}{}", &whole[..cut], &whole[whole.ceil_char_boundary(cut + 3).min(whole.len())..]);
            assert!(find(&torn).len() <= AT_MOST, "{cut}");
        }
    }

    #[test]
    fn a_sound_configuration_has_none() {
        for text in ["()", "Config()", include_str!("../../../../deploy/afterrun.ron")] {
            assert_eq!(find(text), []);
        }
    }

    #[test]
    fn a_proxy_is_an_address_or_a_network() {
        let text = "Config(trusted_proxies: [\"10.89.0.0/24\", \"proxy.example\"])";
        check(
            text,
            r#"
error[invalid-value]: `proxy.example` is neither an address nor a network such as `10.89.0.0/24`
 --> afterrun.ron:1:25
  |
1 | Config(trusted_proxies: ["10.89.0.0/24", "proxy.example"])
  |                         ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ cannot be used here
  |
  = help: write it like ["10.89.0.0/24"]
"#,
        );
    }
}
