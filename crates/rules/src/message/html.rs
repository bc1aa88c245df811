//! The HTML part: one column, system fonts, nothing to fetch, readable in light, dark and inverted.
//!
//! Styles stand inline, for programs that drop the `<style>` element; classes let the dark scheme override them. `PALETTES` is tested for 4.5:1, as it is and inverted (Gmail inverts).

use std::{fmt::Write as _, sync::LazyLock};

use super::document::{Block, Inline, only_link};

/// What a page is made from. Everything is text and escaped here.
pub struct Page<'a> {
    /// BCP 47 tag.
    pub language: &'a str,
    /// The subject.
    pub title: &'a str,
    /// The clinic's name.
    pub sender: &'a str,
    /// The preview line, hidden at the top.
    pub preview: Option<&'a str>,
    /// The message.
    pub body: &'a [Block<'a>],
}

/// Colours of one scheme, as `#rrggbb`.
pub struct Palette {
    /// Behind everything.
    pub ground: &'static str,
    /// Words.
    pub words: &'static str,
    /// Less important words.
    pub muted: &'static str,
    /// Links.
    pub link: &'static str,
    /// Behind the words of a button.
    pub button: &'static str,
    /// Words of a button.
    pub button_words: &'static str,
}

/// Light and dark.
pub const PALETTES: [Palette; 2] = [
    Palette {
        ground: "#ffffff",
        words: "#1f2933",
        muted: "#52606d",
        link: "#1d4f91",
        button: "#1d4f91",
        button_words: "#ffffff",
    },
    Palette {
        ground: "#15181c",
        words: "#e6e8eb",
        muted: "#aab4be",
        link: "#93bdf5",
        button: "#93bdf5",
        button_words: "#10151b",
    },
];

/// The font of the system; Android takes Roboto, its own, for Arial.
const FONTS: &str = "-apple-system,BlinkMacSystemFont,'Segoe UI',Helvetica,Arial,sans-serif";

/// What every page has, and styles that stand at several places; written once with the colours of `PALETTES`.
struct Fixed {
    /// From the title's end to the beginning of the body's words.
    style_and_body: String,
    /// From there to the sender's name.
    column: String,
    /// What a button's address stands between.
    button: String,
    button_address: String,
    /// Behind the address of a link.
    link: String,
}

/// Most of the page. Short on purpose: a mail stays stored, and most of them fit a page of the database so.
static FIXED: LazyLock<Fixed> = LazyLock::new(|| {
    let [light, dark] = &PALETTES;
    let Palette { ground, words, muted, link, button, button_words } = light;
    Fixed {
        style_and_body: format!(
            "</title>\n<style>:root{{color-scheme:light dark}}\n@media (prefers-color-scheme:dark){{\
             .g{{background:{}!important;color:{}!important}}.m{{color:{}!important}}\n\
             a{{color:{}!important}}.b{{background:{}!important;color:{}!important}}}}</style></head>\n\
             <body class=\"g\" style=\"margin:0;background:{ground};color:{words}\">\n",
            dark.ground, dark.words, dark.muted, dark.link, dark.button, dark.button_words,
        ),
        column: format!(
            "<table role=\"presentation\" align=\"center\" width=\"100%\" cellspacing=\"0\" \
             style=\"max-width:560px\"><tr>\
             <td class=\"g\" style=\"padding:24px 20px;font:17px/1.5 {FONTS}\">\n\
             <p class=\"m\" style=\"margin:0 0 16px;font-size:15px;color:{muted}\">"
        ),
        button: format!(
            "\"\nstyle=\"display:inline-block;line-height:44px;padding:0 26px;border-radius:6px;\
             font-weight:600;text-decoration:none;background:{button};color:{button_words}\">"
        ),
        button_address: format!(
            "<br>\n<span class=\"m\" style=\"font-size:13px;color:{muted};word-break:break-all\">"
        ),
        link: format!("\" style=\"color:{link}\">"),
    }
});

/// A whole HTML document.
pub fn page(page: &Page<'_>) -> String {
    let mut out = String::with_capacity(4 * 1024);
    out.push_str("<!doctype html>\n<html lang=\"");
    escape(&mut out, page.language);
    out.push_str("\"><head>");
    let head = out.len();
    out.push_str(
        "<meta name=\"viewport\" content=\"width=device-width\">\n\
         <meta name=\"color-scheme\" content=\"light dark\"><title>",
    );
    escape(&mut out, page.title);
    out.push_str(&FIXED.style_and_body);
    if let Some(preview) = page.preview {
        out.push_str("<div style=\"display:none;max-height:0;overflow:hidden;mso-hide:all\">");
        escape(&mut out, preview);
        out.push_str("</div>\n");
    }
    out.push_str(&FIXED.column);
    escape(&mut out, page.sender);
    out.push_str("</p>\n");
    blocks(&mut out, page.body);
    out.push_str("</td></tr></table></body></html>\n");
    // The part's own header says it, too. This is for a page that is kept without it.
    if !out.is_ascii() {
        out.insert_str(head, "<meta charset=\"utf-8\">");
    }
    out
}

fn blocks(out: &mut String, body: &[Block<'_>]) {
    for block in body {
        match block {
            Block::Heading(level, words) => {
                let size = if *level == 1 { 22 } else { 18 };
                push(
                    out,
                    format_args!("<h{level} style=\"margin:24px 0 8px;font-size:{size}px;line-height:1.3\">"),
                );
                inlines(out, words);
                push(out, format_args!("</h{level}>\n"));
            }
            Block::Paragraph(words) => match only_link(words) {
                Some((address, label)) => button(out, address, &label),
                None => {
                    out.push_str("<p style=\"margin:0 0 16px\">");
                    inlines(out, words);
                    out.push_str("</p>\n");
                }
            },
            Block::List(start, items) => list(out, *start, items),
            Block::Quote(inner) => {
                let muted = PALETTES[0].muted;
                push(
                    out,
                    format_args!(
                        "<blockquote style=\"margin:0 0 16px;padding:0 0 0 14px;border-left:3px solid {muted}\">\n"
                    ),
                );
                blocks(out, inner);
                out.push_str("</blockquote>\n");
            }
            Block::Code(code) => {
                out.push_str("<pre style=\"white-space:pre-wrap\">");
                escape(out, code);
                out.push_str("</pre>\n");
            }
            Block::Rule => push(
                out,
                format_args!(
                    "<hr style=\"border:0;border-top:1px solid {};margin:24px 0\">\n",
                    PALETTES[0].muted
                ),
            ),
        }
    }
}

fn list(out: &mut String, start: Option<u64>, items: &[Vec<Block<'_>>]) {
    let style = "style=\"margin:0 0 16px;padding-left:24px\"";
    match start {
        Some(1) => push(out, format_args!("<ol {style}>\n")),
        Some(first) => push(out, format_args!("<ol start=\"{first}\" {style}>\n")),
        None => push(out, format_args!("<ul {style}>\n")),
    }
    for item in items {
        out.push_str("<li style=\"margin:0 0 6px\">");
        match &item[..] {
            // A tight item: no paragraph around its words.
            [Block::Paragraph(words)] => inlines(out, words),
            several => blocks(out, several),
        }
        out.push_str("</li>\n");
    }
    out.push_str(if start.is_some() { "</ol>\n" } else { "</ul>\n" });
}

/// A link large enough for a thumb, its address below for those whose program shows no buttons. Each of its
/// lines is 44 pixels high.
fn button(out: &mut String, address: &str, label: &str) {
    out.push_str("<p style=\"margin:0 0 20px\"><a class=\"b\" href=\"");
    escape(out, address);
    out.push_str(&FIXED.button);
    escape(out, label);
    out.push_str("</a>");
    let bare = address.strip_prefix("tel:").or_else(|| address.strip_prefix("mailto:")).unwrap_or(address);
    if label != bare {
        out.push_str(&FIXED.button_address);
        escape(out, bare);
        out.push_str("</span>");
    }
    out.push_str("</p>\n");
}

fn inlines(out: &mut String, words: &[Inline<'_>]) {
    for word in words {
        match word {
            Inline::Text(text) => escape(out, text),
            Inline::Break => out.push_str("<br>"),
            Inline::Code(code) => element(out, "code", |out| escape(out, code)),
            Inline::Emphasis(inner) => element(out, "em", |out| inlines(out, inner)),
            Inline::Strong(inner) => element(out, "strong", |out| inlines(out, inner)),
            Inline::Link(address, label) => {
                out.push_str("<a href=\"");
                escape(out, address);
                out.push_str(&FIXED.link);
                inlines(out, label);
                out.push_str("</a>");
            }
        }
    }
}

fn element(out: &mut String, name: &str, inside: impl FnOnce(&mut String)) {
    out.extend(["<", name, ">"]);
    inside(out);
    out.extend(["</", name, ">"]);
}

/// Writing to a string cannot fail.
fn push(out: &mut String, arguments: std::fmt::Arguments<'_>) {
    let _ = out.write_fmt(arguments);
}

fn escape(out: &mut String, text: &str) {
    // Without an early end, so that many bytes are looked at at once.
    if text.bytes().fold(true, |plain, byte| plain & is_plain(byte)) {
        return out.push_str(text);
    }
    let mut rest = text;
    while let Some(at) = rest.bytes().position(|byte| !is_plain(byte)) {
        let (before, from) = rest.split_at(at);
        out.push_str(before);
        let mut characters = from.chars();
        match characters.next() {
            Some('&') => out.push_str("&amp;"),
            Some('<') => out.push_str("&lt;"),
            Some('>') => out.push_str("&gt;"),
            Some('"') => out.push_str("&quot;"),
            Some('\'') => out.push_str("&#39;"),
            // A control character has no business in a mail; a line break is white space in HTML.
            Some(c) if c.is_control() && c != '\n' => out.push(' '),
            Some(c) => out.push(c),
            None => {}
        }
        rest = characters.as_str();
    }
    out.push_str(rest);
}

/// Whether [`escape`] need not look at a byte: with no other one begins a character that is written otherwise.
const fn is_plain(byte: u8) -> bool {
    let special =
        (byte == b'&') | (byte == b'<') | (byte == b'>') | (byte == b'"') | (byte == b'\'') | (byte == 0x7f);
    // 0xC2 begins the controls U+0080 to U+009F.
    !special & (byte >= b' ') & (byte != 0xc2)
}

#[cfg(test)]
mod tests {
    use super::*;

    type Rgb = [u8; 3];

    fn rgb(colour: &str) -> Rgb {
        let digits = u32::from_str_radix(&colour[1..], 16).expect("a colour is #rrggbb");
        [(digits >> 16) as u8, (digits >> 8) as u8, digits as u8]
    }

    fn invert(colour: Rgb) -> Rgb {
        colour.map(|channel| 255 - channel)
    }

    /// Contrast ratio of WCAG 2.2, section 1.4.3.
    fn contrast(a: Rgb, b: Rgb) -> f64 {
        let luminance = |colour: Rgb| {
            let [r, g, b] = colour.map(|channel| {
                let part = f64::from(channel) / 255.0;
                if part <= 0.04045 { part / 12.92 } else { ((part + 0.055) / 1.055).powf(2.4) }
            });
            0.2126 * r + 0.7152 * g + 0.0722 * b
        };
        let (a, b) = (luminance(a), luminance(b));
        (a.max(b) + 0.05) / (a.min(b) + 0.05)
    }

    #[test]
    fn every_pair_is_readable_also_when_inverted() {
        for palette in &PALETTES {
            let pairs = [
                (palette.words, palette.ground),
                (palette.muted, palette.ground),
                (palette.link, palette.ground),
                (palette.button_words, palette.button),
            ];
            for (words, ground) in pairs {
                let (words_rgb, ground_rgb) = (rgb(words), rgb(ground));
                let plain = contrast(words_rgb, ground_rgb);
                let inverted = contrast(invert(words_rgb), invert(ground_rgb));
                assert!(plain >= 4.5, "{words} on {ground}: {plain:.2}");
                assert!(inverted >= 4.5, "{words} on {ground}, inverted: {inverted:.2}");
            }
        }
    }
}
