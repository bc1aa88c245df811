//! The page on paper, and by day and night.

use serde_json::json;

use super::{Browser, unbase64};

/// A4, in inches, and its margins.
const WIDTH: f64 = 8.27;
const HEIGHT: f64 = 11.69;
const MARGIN: f64 = 0.4;

/// Which colours the reader prefers.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Colours {
    /// Dark on light.
    Light,
    /// Light on dark.
    Dark,
}

impl Browser {
    /// Asks for the page in these colours.
    pub fn prefer(&self, colours: Colours) {
        let value = if colours == Colours::Dark { "dark" } else { "light" };
        let features = json!([{"name": "prefers-color-scheme", "value": value}]);
        self.devtools("Emulation.setEmulatedMedia", &json!({"features": features}));
    }

    /// By how many pixels what a selector finds is taller on paper than the room it has there.
    #[must_use]
    pub fn cut_off_on_paper(&self, selector: &str) -> i64 {
        self.devtools("Emulation.setEmulatedMedia", &json!({"media": "print"}));
        let pixels = |inches: f64| (inches * 96.0) as u32;
        self.size(pixels(WIDTH - 2.0 * MARGIN), pixels(HEIGHT - 2.0 * MARGIN));
        let script = "const e = document.querySelector(arguments[0]); return e.scrollHeight - e.clientHeight";
        let cut_off = self.ask(script, &[json!(selector)]).as_i64().unwrap_or(i64::MAX);
        self.devtools("Emulation.setEmulatedMedia", &json!({"media": ""}));
        self.size(1280, 900);
        cut_off
    }

    /// Prints the page on A4 without colour in backgrounds, as browsers do by default: how many sheets it takes.
    /// The PDF is left beside the pictures.
    ///
    /// # Panics
    ///
    /// It cannot be written.
    #[must_use]
    #[expect(clippy::expect_used, reason = "support code of tests")]
    pub fn print(&self, name: &str) -> usize {
        let asked = json!({
            "paperWidth": WIDTH, "paperHeight": HEIGHT, "printBackground": false, "marginTop": MARGIN,
            "marginBottom": MARGIN, "marginLeft": MARGIN, "marginRight": MARGIN,
        });
        let printed = self.devtools("Page.printToPDF", &asked);
        let bytes = unbase64(printed["data"].as_str().unwrap_or_default());
        assert!(bytes.starts_with(b"%PDF-"), "this is no PDF");
        std::fs::write(self.shots.join(format!("{name}.pdf")), &bytes).expect("the PDF can be written");
        let text = String::from_utf8_lossy(&bytes);
        text.matches("/Type /Page").count() - text.matches("/Type /Pages").count()
    }
}
