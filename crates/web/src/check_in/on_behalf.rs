//! The same form in the hands of a clinician who has the runner on the telephone: the same questions, the same
//! judgement of what was entered, the same events.

use afterrun_rules::{Event, chart::CheckIn};
use axum::response::Response;
use maud::{Markup, html};

use super::{
    answers::{self, Entered, Faults},
    form,
    sheet::Sheet,
};
use crate::{console::FORM_TOKEN, fields::Fields, link::Open, site::Site, standing::Standing, text};

/// A clinician fills it in.
pub(crate) struct OnBehalf {
    /// What every form of the session carries.
    pub token: String,
}

/// The form, filled in with the earlier answer if there is one.
pub(crate) fn form_for(site: &Site, open: &Open, check_in: &CheckIn) -> Response {
    let standing = Standing::of(&open.book, &open.chart, open.now);
    let sheet = Sheet::of(&open.book, &open.chart, check_in, &standing.always_asked);
    form::page(site, open, &sheet, &Entered::from_earlier(&sheet), &Faults::default(), None)
}

/// What was entered, as events; or the form again with what is wrong.
pub(crate) fn events_of(
    site: &Site,
    open: &Open,
    check_in: &CheckIn,
    fields: &Fields,
) -> Result<Vec<Event>, Box<Response>> {
    let standing = Standing::of(&open.book, &open.chart, open.now);
    let sheet = Sheet::of(&open.book, &open.chart, check_in, &standing.always_asked);
    let entered = Entered::from_fields(&sheet, fields);
    match answers::read(&sheet, &entered) {
        Ok(given) => Ok(answers::events(&sheet, &given)),
        Err(faults) => Err(Box::new(form::page(site, open, &sheet, &entered, &faults, None))),
    }
}

/// Says whose answers these are, above the form.
pub(super) fn note(site: &Site, open: &Open) -> Markup {
    let back = site.href(&format!("/console/patients/{}", open.patient.id));
    html! {
        p.amend { strong { (text::on_behalf_of(&open.patient.name)) } " " a href=(back) { (text::ON_BEHALF_BACK) } }
    }
}

/// The field that the console's forms carry.
pub(super) fn token(on_behalf: &OnBehalf) -> Markup {
    html! { input type="hidden" name=(FORM_TOKEN) value=(on_behalf.token); }
}
