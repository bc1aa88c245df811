//! What was told of a runner while the clock was in doubt: in the store, and in no decision yet.

use afterrun_rules::Event;
use maud::{Markup, html};

use super::{dates, patient_sections::values, patient_show::View, text_patient};

/// The card; nothing where nothing waits.
pub(super) fn waiting(view: &View<'_>) -> Markup {
    if view.waiting.is_empty() {
        return html! {};
    }
    let way = dates::way(&view.book);
    html! {
        section.card.waiting {
            h2 { (text_patient::WAITS) }
            p.hint { (text_patient::WAITS_HINT) }
            ul.lines {
                @for waiting in &view.waiting {
                    @if let Some(words) = text_patient::waiting(&waiting.event.event, |day| way.short_date(day)) {
                        li {
                            span.when { (view.when(waiting.event.at)) } " " strong { (words) }
                            @if waiting.told { " " (text_patient::WAITS_TOLD) }
                            @if let Event::Answer(answer) = &waiting.event.event { (values(view, answer)) }
                        }
                    }
                }
            }
        }
    }
}
