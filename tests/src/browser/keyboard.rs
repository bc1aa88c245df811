//! Keys pressed one by one, as somebody without a mouse does, and where they lead.

use serde_json::{Value, json};

use super::{Browser, PATIENCE};

/// Tab, as WebDriver names it.
const TAB: char = '\u{e004}';
/// Enter.
const ENTER: char = '\u{e007}';

/// How often Tab is pressed before a place counts as out of reach.
const TABS_AT_MOST: usize = 120;

/// The element that has the focus: its words and whether a person sees that it has it.
const FOCUS: &str = "const e = document.activeElement;
    if (!e || e === document.body) return {words: '', visible: true, matches: false};
    const style = getComputedStyle(e), box = e.getBoundingClientRect();
    const outline = style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2;
    const next = e.nextElementSibling ? getComputedStyle(e.nextElementSibling) : null;
    const byNext = !!next && next.outlineStyle !== 'none' && parseFloat(next.outlineWidth) >= 2;
    const inside = box.bottom > 0 && box.top < innerHeight;
    return {words: (e.getAttribute('aria-label') || e.innerText || e.value || e.name || e.tagName).trim().slice(0, 60),
            visible: (outline || byNext) && inside, matches: e.matches(arguments[0])}";

impl Browser {
    /// Presses keys, one after the other.
    pub fn press(&self, keys: &str) {
        let pressed: Vec<Value> = keys
            .chars()
            .flat_map(|key| {
                [json!({"type": "keyDown", "value": key}), json!({"type": "keyUp", "value": key})]
            })
            .collect();
        let actions = json!({"actions": [{"type": "key", "id": "keyboard", "actions": pressed}]});
        self.command("POST", "/actions", &actions);
    }

    /// Presses Tab until the focus is on something that a selector matches; every place on the way has to show
    /// that it has the focus. Returns what was passed.
    ///
    /// # Panics
    ///
    /// It cannot be reached, or a place on the way does not show its focus.
    #[track_caller]
    pub fn tab_to(&self, selector: &str) -> Vec<String> {
        let mut passed = Vec::new();
        for _ in 0..TABS_AT_MOST {
            self.press(&TAB.to_string());
            let focus = self.ask(FOCUS, &[json!(selector)]);
            let words = focus["words"].as_str().unwrap_or_default().to_owned();
            assert_eq!(focus["visible"], true, "the focus cannot be seen on `{words}`, after {passed:?}");
            passed.push(words);
            if focus["matches"] == true {
                return passed;
            }
        }
        assert!(passed.is_empty(), "no Tab leads to {selector}: {passed:?}");
        passed
    }

    /// Presses Enter and waits for the page that follows.
    ///
    /// # Panics
    ///
    /// None does.
    pub fn enter(&self) {
        let _ = self.ask("window.isOld = true", &[]);
        self.press(&ENTER.to_string());
        let arrived = "return !window.isOld && document.readyState === 'complete'";
        let since = std::time::Instant::now();
        while !self.ask(arrived, &[]).as_bool().unwrap_or(false) {
            assert!(since.elapsed() < PATIENCE, "no page follows Enter");
        }
    }
}
