//! The questions of one issued check-in, as the book in force words them.

use std::collections::BTreeSet;

use afterrun_rules::{
    Chart, RuleBook,
    book::{About, Condition, Question, QuestionIx, Sign},
    chart::{Answer, CheckIn, LoggedRun, Source},
};

/// Everything one form asks.
pub(crate) struct Sheet<'a> {
    pub check_in: &'a CheckIn,
    /// In the order asked. Questions the book no longer has are left out, as are run questions without a run.
    pub asked: Vec<Asked<'a>>,
    /// The run that run questions are about.
    pub run: Option<&'a LoggedRun>,
    pub signs: &'a [Sign],
    /// The answer in force, if this one amends it.
    pub earlier: Option<&'a Answer>,
    /// The answer in force about the run.
    pub earlier_run: Option<&'a Answer>,
}

/// What the name of a question's field begins with, before its id.
pub(crate) const FIELD_OF_QUESTION: &str = "q.";

/// One question on the form.
pub(crate) struct Asked<'a> {
    pub ix: QuestionIx,
    pub question: &'a Question,
    /// Asked only if this holds; none: always.
    pub gate: Option<&'a Condition>,
}

impl Asked<'_> {
    /// Name of its field.
    pub(crate) fn field(&self) -> String {
        format!("{FIELD_OF_QUESTION}{}", self.question.id)
    }
}

impl<'a> Sheet<'a> {
    pub(crate) fn of(
        book: &'a RuleBook,
        chart: &'a Chart,
        check_in: &'a CheckIn,
        always_asked: &BTreeSet<QuestionIx>,
    ) -> Self {
        let run = check_in.about_run.as_ref().and_then(|id| chart.runs.iter().find(|run| run.run.id == *id));
        let known = check_in.questions.iter().filter_map(|id| book.question(id.as_str()));
        let asked = known
            .filter(|(_, question)| question.about == About::Day || run.is_some())
            .map(|(ix, question)| {
                let gate = question.only_if.as_ref().filter(|_| !always_asked.contains(&ix));
                Asked { ix, question, gate }
            })
            .collect();
        let earlier_run = run.and_then(|run| {
            let about = Source::Run(run.run.id.clone());
            chart.answers.iter().find(|answer| answer.source == about)
        });
        Self {
            check_in,
            asked,
            run,
            signs: &book.emergencies,
            earlier: chart.answer_to(&check_in.id, check_in.about_day),
            earlier_run,
        }
    }

    /// Position of a question on the form.
    pub(crate) fn position(&self, ix: QuestionIx) -> Option<usize> {
        self.asked.iter().position(|asked| asked.ix == ix)
    }
}
