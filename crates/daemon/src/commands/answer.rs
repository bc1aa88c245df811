//! `afterrun answer add`: a clinician enters what a runner said on the telephone.

use afterrun_rules::{
    RuleBook,
    book::AnswerKind,
    chart::{AnswerEvent, AnswerNamed, Event, Value, Values},
    ids::QuestionId,
};
use anyhow::{Context, bail};
use chrono::NaiveDate;
use clap::{Args, Subcommand};

use super::{
    Ended,
    tool::{Shared, say, say_decisions},
};

/// Answers.
#[derive(Subcommand, Debug)]
pub(super) enum Answer {
    /// Enter one answer.
    Add(Add),
}

#[derive(Args, Debug)]
pub(super) struct Add {
    /// Id or mail address.
    patient: String,
    /// The day the answer is about; without it today on the runner's clock.
    #[arg(long, value_name = "DATE")]
    about: Option<NaiveDate>,
    /// The check-in it answers, as the rules name it; without it the first of the rules.
    #[arg(long)]
    check_in: Option<String>,
    /// A question and its answer, such as `worst_pain=4`. May be repeated.
    #[arg(long = "value", value_name = "QUESTION=ANSWER")]
    values: Vec<String>,
    /// An emergency sign the runner has, as the rules name it. May be repeated.
    #[arg(long = "emergency", value_name = "SIGN")]
    emergencies: Vec<String>,
    /// The runner was asked for emergency signs and has none.
    #[arg(long, conflicts_with = "emergencies")]
    no_emergency: bool,
}

impl Answer {
    pub(super) async fn execute(self, shared: &Shared) -> anyhow::Result<Ended> {
        let Self::Add(add) = self;
        let tool = shared.open().await?;
        let patient = tool.patient(&add.patient).await?;
        let book = tool.book();
        let check_in = match add.check_in {
            Some(id) => id.into(),
            None => book.check_ins.first().context("the rules have no check-in")?.id.clone(),
        };
        let values =
            add.values.iter().map(|given| value(&book, given)).collect::<anyhow::Result<Values>>()?;
        if values.is_empty() && add.emergencies.is_empty() {
            bail!("nothing to enter: give --value or --emergency");
        }
        for id in &add.emergencies {
            if !book.emergencies.iter().any(|sign| sign.id.as_str() == id) {
                let known = there_are(book.emergencies.iter().map(|sign| sign.id.as_str()));
                bail!("no emergency sign is called `{id}`{known}");
            }
        }
        let asked = add.no_emergency || !add.emergencies.is_empty();
        let answer = AnswerEvent {
            check_in: Some(check_in),
            run: None,
            about_day: add.about.unwrap_or_else(|| tool.now.with_timezone(&patient.time_zone).date_naive()),
            values,
            emergencies: asked.then(|| add.emergencies.iter().map(|id| id.as_str().into()).collect()),
        };
        let named = AnswerNamed {
            check_in: answer.check_in.clone(),
            run: answer.run.clone(),
            about_day: answer.about_day,
        };
        let about = answer.about_day;
        let events = vec![Event::Answer(answer), Event::ByTelephone(named)];
        let taken = tool.record_all(&patient, events, "answer-add").await?;
        say_what_to_do_now(&book, &add.emergencies)?;
        say(format_args!("recorded what {} says about {about}", patient.name))?;
        say_decisions(&taken)?;
        Ok(Ended::Well)
    }
}

/// Who ticks a sign is told at once what to do. Here that is whoever has the runner on the telephone.
fn say_what_to_do_now(book: &RuleBook, ticked: &[String]) -> anyhow::Result<()> {
    for sign in book.emergencies.iter().filter(|sign| ticked.iter().any(|id| **id == *sign.id.as_str())) {
        say(format_args!("TELL THE RUNNER NOW ({}): {}", sign.ask, sign.do_now))?;
    }
    Ok(())
}

/// `; there are: ...`, for a name that is none of these.
fn there_are<'a>(names: impl Iterator<Item = &'a str>) -> String {
    format!("; there are: {}", names.collect::<Vec<_>>().join(", "))
}

fn value(book: &RuleBook, given: &str) -> anyhow::Result<(QuestionId, Value)> {
    let (id, answer) = given.split_once('=').with_context(|| format!("`{given}`: write QUESTION=ANSWER"))?;
    let (_, question) = book.question(id).with_context(|| {
        let known = there_are(book.questions.iter().map(|question| question.id.as_str()));
        format!("no question is called `{id}`{known}")
    })?;
    let value = match &question.answer {
        AnswerKind::Scale { from, to, .. } => {
            let number =
                answer.parse().ok().with_context(|| format!("`{id}` wants a number from {from} to {to}"))?;
            Value::Number(number)
        }
        AnswerKind::YesNo => match answer {
            "yes" => Value::YesNo(true),
            "no" => Value::YesNo(false),
            _ => bail!("`{id}` wants `yes` or `no`"),
        },
        AnswerKind::Choice(_) | AnswerKind::Text { .. } => Value::Word(answer.into()),
    };
    Ok((question.id.clone(), value))
}
