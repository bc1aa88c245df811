//! What time brings: patients whose plan could have changed by now, the clinic's digest, and a word to somebody
//! else about urgent work that nobody has taken.
//!
//! `tick(now)` is a plain function of the clock and the store; whoever calls it does the waiting. Leaves out
//! sending (`delivery`).

use std::{collections::BTreeSet, sync::Arc};

use afterrun_rules::{decision::Audience, ids::PatientId};
use afterrun_store::{NewMessage, StoreError};
use chrono::{DateTime, Utc};
use tokio::task::JoinSet;

use crate::{
    escalation::escalate,
    figures,
    turn::{TurnError, Turns},
};

/// Patients asked for, and turns under way, at a time: enough for commits that are shared by many, small enough
/// that others get their turn in between.
const BATCH: u32 = 256;

/// Patients whose charts are read together. Several such groups are under way, so that one is planned while
/// another is committed.
const TOGETHER: usize = 32;

/// Batches of one tick. What is left over is due again at once; the pause lets web requests through.
const BATCHES_AT_MOST: u32 = 16;

/// Work items in one digest. A longer list nobody reads; the rest comes with the next.
const DIGEST_ITEMS: u32 = 200;

/// Takes the turns that are due.
pub struct Scheduler {
    /// How a turn is taken.
    pub turns: Arc<Turns>,
}

/// What a tick did.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Ticked {
    /// Turns taken.
    pub turns: u32,
    /// Turns that failed; the patients stay due.
    pub failed: u32,
    /// Days excused in them, because the silence was ours.
    pub excused: u32,
    /// There is more to do at once.
    pub more: bool,
}

impl Scheduler {
    /// Takes the turn of every patient who is due, sends the digest if it is, and tells somebody else what
    /// nobody has taken from the work-list.
    ///
    /// # Errors
    /// When the store cannot say who is due. A turn that fails is logged and counted, and does not keep the
    /// others waiting.
    pub async fn tick(&self, now: DateTime<Utc>) -> Result<Ticked, TurnError> {
        let mut ticked = Ticked::default();
        let mut failed: BTreeSet<PatientId> = self.turns.left_alone.at(now);
        let left_alone = failed.len();
        // First what was told while the clock was in doubt: what is due is decided with it.
        let mut waiting = self.turns.store.waiting_patients(BATCH).await?;
        waiting.retain(|patient| !failed.contains(patient));
        if !waiting.is_empty() {
            let (turns, excused) = self.take_turns(waiting, now, &mut failed).await;
            (ticked.turns, ticked.excused) = (turns, excused);
        }
        for batch in 0..=BATCHES_AT_MOST {
            let wanted = BATCH + u32::try_from(failed.len()).unwrap_or(u32::MAX - BATCH);
            let mut due = self.turns.store.due_patients(now, wanted).await?;
            due.retain(|patient| !failed.contains(patient));
            if due.is_empty() {
                break;
            }
            if batch == BATCHES_AT_MOST {
                ticked.more = true;
                break;
            }
            let (turns, excused) = self.take_turns(due, now, &mut failed).await;
            ticked.turns += turns;
            ticked.excused = ticked.excused.saturating_add(excused);
        }
        ticked.failed = u32::try_from(failed.len() - left_alone).unwrap_or(u32::MAX);
        figures::turns_failed(ticked.failed);
        self.digest(now).await?;
        escalate(&self.turns, now).await?;
        Ok(ticked)
    }

    /// Takes the turns of different patients at the same time, so that the store commits them together; how many
    /// went well.
    async fn take_turns(
        &self,
        due: Vec<PatientId>,
        now: DateTime<Utc>,
        failed: &mut BTreeSet<PatientId>,
    ) -> (u32, u32) {
        let mut under_way = JoinSet::new();
        for group in due.chunks(TOGETHER) {
            let (turns, group) = (self.turns.clone(), group.to_vec());
            under_way.spawn(async move { (group.clone(), turns.take_each(group, now).await) });
        }
        let (mut well, mut excused) = (0, 0_u32);
        while let Some(ended) = under_way.join_next().await {
            let (group, answers) = ended.unwrap_or_default();
            for (patient, answer) in group.into_iter().zip(answers) {
                match answer {
                    Ok(taken) => {
                        well += 1;
                        excused = excused.saturating_add(taken.excused);
                    }
                    Err(why) => {
                        tracing::error!(%patient, error = %why, "a turn failed; the patient stays due");
                        failed.insert(patient);
                    }
                }
            }
        }
        (well, excused)
    }

    /// Sends what the clinic is to read in its next digest, once that is due.
    async fn digest(&self, now: DateTime<Utc>) -> Result<(), TurnError> {
        let items = self.turns.store.digest_items(now, DIGEST_ITEMS).await?;
        if items.is_empty() {
            return Ok(());
        }
        let live = self.turns.rules.current();
        let mails = self.turns.letterhead.digest(&live.book, &items, now)?;
        // With the first item's number: a list longer than one digest makes several at the same time.
        let first = items.first().map_or(0, |item| item.id);
        let identity = format!("digest/{}/{first}", now.timestamp());
        let message = |mail| NewMessage {
            entry: None,
            identity_text: identity.clone(),
            audience: Audience::Clinic,
            reason: afterrun_rules::Reason::new("digest", "The clinic's digest is due."),
            facts: Default::default(),
            mail: Some(mail),
        };
        let ids: Vec<i64> = items.iter().map(|item| item.id).collect();
        match self.turns.store.add_digest(&ids, mails.into_iter().map(message).collect(), now).await {
            // Another process was faster; its digest holds the same items.
            Err(StoreError::Exists { .. }) => Ok(()),
            other => Ok(other?),
        }
    }
}
