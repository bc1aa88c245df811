//! Changing the time zone. The list is long, so it is made only when asked for.

use chrono_tz::{TZ_VARIANTS, Tz};
use maud::{Markup, html};

use super::View;
use crate::text;

/// Continents and oceans of the IANA list; the rest of it are old names and fixed offsets.
const AREAS: [&str; 9] =
    ["Africa", "America", "Antarctica", "Asia", "Atlantic", "Australia", "Europe", "Indian", "Pacific"];

pub(crate) fn section(view: &View<'_>) -> Markup {
    let zone = view.chart.zone_at(view.now);
    html! {
        section.card id="zone" {
            h2 { (text::ZONE_TITLE) }
            p { (text::zone_now(&readable(zone.name()))) }
            @if view.zones {
                form method="post" action="?" {
                    input type="hidden" name="do" value="time-zone";
                    label for="zone-name" { (text::ZONE_CHOOSE) }
                    select id="zone-name" name="zone" autofocus {
                        @if !is_listed(zone) { option value=(zone.name()) selected { (readable(zone.name())) } }
                        @for area in AREAS {
                            optgroup label=(area) {
                                @for other in TZ_VARIANTS.iter().filter(|other| area_of(other) == Some(area)) {
                                    option value=(other.name()) selected[*other == zone] {
                                        (readable(other.name().split_once('/').map_or("", |(_, place)| place)))
                                    }
                                }
                            }
                        }
                    }
                    button.main { (text::ZONE_CHANGE) }
                }
            } @else {
                p { a.button.quiet href="?zones#zone" { (text::ZONE_OTHER) } }
            }
        }
    }
}

fn area_of(zone: &Tz) -> Option<&'static str> {
    let (area, _) = zone.name().split_once('/')?;
    AREAS.into_iter().find(|known| *known == area)
}

fn is_listed(zone: Tz) -> bool {
    area_of(&zone).is_some()
}

fn readable(name: &str) -> String {
    name.replace('_', " ").replace('/', ": ")
}
