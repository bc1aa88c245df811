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
    tool::{Shared, say_decisions},
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
        let taken = tool.record(&patient, Event::Answer(answer), "answer-add").await?;
        tool.record(&patient, Event::ByTelephone(named), "answer-by-telephone").await?;
        say_decisions(&taken)?;
        Ok(Ended::Well)
    }
}

fn value(book: &RuleBook, given: &str) -> anyhow::Result<(QuestionId, Value)> {
    let (id, answer) = given.split_once('=').with_context(|| format!("`{given}`: write QUESTION=ANSWER"))?;
    let (_, question) = book.question(id).with_context(|| format!("no question is called `{id}`"))?;
    let value = match &question.answer {
        AnswerKind::Scale { from, to, .. } => {
            let number =
                answer.parse().with_context(|| format!("`{id}` wants a number from {from} to {to}"))?;
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
