//! Moves records from the journal to the store, under the same id and duplicate key.
//!
//! A batch is one transaction; what it holds leaves the journal after the commit. A crash between the two
//! drains the batch again, which finds its keys taken and changes nothing. One bad row fails alone.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use fairlead_model::live::LiveEvent;
use fairlead_model::problem::{ProblemKind, ProblemState};
use fairlead_model::queue::{DeliveryWaiting, MoStored};
use fairlead_model::{Clock, HeldId, MessageId, ProblemId, Trust};
use fairlead_runtime::Context;
use fairlead_store::journal::{Journal, Record};
use fairlead_store::problems::{self, Finding};
use fairlead_store::routing::to_devices;
use fairlead_store::satellite::held::{self, HeldRow};
use fairlead_store::satellite::messages::{self, MessageRow};
use fairlead_store::{Digest, Id, StoreError, Tx};

use crate::pushed::{Keys, Provider};
use crate::record::{self, NO_IMEI, Prepared, UNSTORABLE, UNTRUSTED};
use crate::rules;

/// Most records in one transaction.
const BATCH: i64 = 500;

/// Longest pause between two tries while the store is away.
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// What the drainer needs.
#[derive(Clone)]
pub(crate) struct Drain {
    pub(crate) journal: Journal,
    pub(crate) context: Context,
    pub(crate) policy: Policy,
}

/// What the settings say about storing.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Policy {
    /// The doors whose unsigned pushes are let in even for an IMEI that is signed for.
    pub(crate) unsigned_after_signed: Doors,
    pub(crate) held_keep: i64,
    /// A person puts it in: the bound on new modems does not apply.
    pub(crate) by_hand: bool,
}

/// A word about each door.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Doors {
    pub(crate) rockblock: bool,
    pub(crate) rockcore: bool,
    pub(crate) cloudloop: bool,
}

impl Doors {
    fn of(self, provider: Provider) -> bool {
        match provider {
            Provider::Rockblock => self.rockblock,
            Provider::Rockcore => self.rockcore,
            Provider::Cloudloop => self.cloudloop,
        }
    }
}

impl Drain {
    /// Drains until the process stops; what is left then is drained after the next start.
    pub(crate) async fn run(self) {
        let mut appended = self.journal.appended();
        let mut pause = Duration::from_millis(100);
        let stop = self.context.stop.clone();
        while !stop.is_cancelled() {
            appended.mark_unchanged();
            match self.batch().await {
                Ok(true) => pause = Duration::from_millis(100),
                Ok(false) => {
                    tokio::select! {
                        _ = appended.changed() => {}
                        () = stop.cancelled() => {}
                    }
                }
                Err(error) => {
                    tracing::warn!(%error, "the journal is not drained; what it holds is safe there");
                    tokio::select! {
                        () = tokio::time::sleep(pause) => pause = (pause * 2).min(LONGEST_PAUSE),
                        () = stop.cancelled() => {}
                    }
                }
            }
        }
    }

    /// Moves one batch; false where there was nothing to move.
    async fn batch(&self) -> anyhow::Result<bool> {
        let rows = self.journal.oldest(BATCH).await?;
        let Some(last) = rows.last().map(|(seq, _)| *seq) else { return Ok(false) };
        let moved = u64::try_from(rows.len()).unwrap_or(0);
        let prepared: Vec<Prepared> = rows.iter().map(|(_, record)| record::prepare(record)).collect();
        match self.store(prepared).await {
            Ok(()) => {}
            Err(e) if e.is_passing() => return Err(e.into()),
            Err(_) => self.one_by_one(rows).await?,
        }
        self.journal.remove_through(last).await?;
        metrics::counter!("fairlead_intake_drained_total").increment(moved);
        Ok(true)
    }

    /// A batch was refused for what is in it: each row by itself, and those that are refused are set aside.
    async fn one_by_one(&self, rows: Vec<(i64, Record)>) -> Result<(), StoreError> {
        for (_, record) in rows {
            match self.store(vec![record::prepare(&record)]).await {
                Ok(()) => {}
                Err(e) if e.is_passing() => return Err(e),
                Err(e) => {
                    tracing::error!(message = %MessageId::from(record.id), error = %e, "the store refuses a message");
                    self.store(vec![record::set_aside(&record, &e.to_string())]).await?;
                }
            }
        }
        Ok(())
    }

    async fn store(&self, prepared: Vec<Prepared>) -> Result<(), StoreError> {
        let (clock, policy) = (self.context.clock.clone(), self.policy);
        let batch = Arc::new(prepared);
        let found = self.context.store.write(move |tx| store_batch(tx, &clock, policy, &batch)).await?;
        self.announce(found).await;
        Ok(())
    }

    /// Tells the pages about new problems. Lossy by design: nothing depends on it.
    async fn announce(&self, found: Vec<ProblemId>) {
        if found.is_empty() {
            return;
        }
        // What was forgotten again in the same batch is no news.
        let views =
            move |conn: &mut _| Ok(found.iter().filter_map(|id| problems::get(conn, *id).ok()).collect());
        let views: Result<Vec<_>, StoreError> = self.context.store.read(views).await;
        for problem in views.unwrap_or_default() {
            self.context.bus.publish(&LiveEvent::Problem { problem });
        }
    }
}

/// Stores a batch and returns the problems that it made or settled.
pub(crate) fn store_batch(
    tx: &mut Tx<'_>,
    clock: &Clock,
    policy: Policy,
    batch: &[Prepared],
) -> Result<Vec<ProblemId>, StoreError> {
    let mut sorted = sort(tx, policy, batch)?;
    if !sorted.fresh.is_empty() {
        messages::insert(tx, &sorted.fresh)?;
        messages::note_keys(tx, &sorted.further_keys)?;
        let stored: Vec<MoStored> = sorted
            .fresh
            .iter()
            .map(|(_, row)| MoStored { message_id: row.id.into(), by_hand: policy.by_hand })
            .collect();
        fairlead_bus::enqueue_many(tx, clock, &stored, None)?;
    }
    for (imei, since) in std::mem::take(&mut sorted.newly_signed) {
        held::note_signed(tx, &imei, since.into())?;
    }
    let mut changed = release_twins(tx, clock, &sorted.keys)?;
    for (id, trust) in std::mem::take(&mut sorted.raised) {
        if messages::raise_trust(tx, id, trust)? {
            changed.extend(pass_on_after_all(tx, clock, id.into())?);
        }
    }
    let kinds: HashSet<String> = sorted.held.iter().map(|(row, _)| row.why.clone()).collect();
    let mut findings = sorted.faulty;
    for (row, finding) in sorted.held {
        if held::insert(tx, row)? {
            findings.push(finding);
        }
    }
    for finding in findings {
        changed.extend(problems::record(tx, clock, finding)?);
    }
    for why in [UNTRUSTED, NO_IMEI, UNSTORABLE] {
        if kinds.contains(why) {
            // Evidence that is gone can be neither looked at nor let in: its problem goes with it.
            let gone = held::trim(tx, why, policy.held_keep)?;
            let subjects = gone.into_iter().map(|id| HeldId::from(id).to_string()).collect();
            problems::forget(tx, record::kind_of(why), subjects)?;
        }
    }
    Ok(changed)
}

/// A batch, sorted by what is to be done.
#[derive(Default)]
struct Sorted {
    fresh: Vec<(Digest, MessageRow)>,
    further_keys: Vec<(Digest, Id)>,
    keys: Vec<Digest>,
    raised: Vec<(Id, Trust)>,
    newly_signed: HashMap<String, fairlead_store::Micros>,
    held: Vec<(HeldRow, Finding)>,
    faulty: Vec<Finding>,
}

fn sort(tx: &mut Tx<'_>, policy: Policy, batch: &[Prepared]) -> Result<Sorted, StoreError> {
    let keys: Vec<Digest> = batch.iter().filter_map(Prepared::keys).flat_map(Keys::all).collect();
    let mut taken = messages::by_keys(tx, &keys)?;
    let imeis: HashSet<String> = batch.iter().filter_map(Prepared::imei).collect();
    let signed = held::signed_since(tx, &imeis.into_iter().collect::<Vec<_>>())?;
    let mut sorted = Sorted::default();
    for item in batch {
        match item {
            Prepared::Held { row, finding } => {
                sorted.held.push((row.as_ref().clone(), finding.as_ref().clone()))
            }
            Prepared::Message { keys, trust, row, faults } => {
                let is_signed_for =
                    signed.contains_key(&row.imei) || sorted.newly_signed.contains_key(&row.imei);
                let unsigned_allowed = policy.unsigned_after_signed.of(Provider::of(&row.provider));
                if let Some(id) = keys.of_message().find_map(|key| taken.get(&key)) {
                    // A repeat has no effect, but it may bring a better word for what is there.
                    if *trust > Trust::Unsigned && *id != row.id {
                        sorted.raised.push((*id, *trust));
                    }
                } else if rules::unsigned_is_believed(*trust, is_signed_for, unsigned_allowed) {
                    sorted.faulty.extend(fault_finding(row, faults));
                    sorted.take_keys(&mut taken, keys, row);
                    sorted.fresh.push((keys.message, row.as_ref().clone()));
                } else {
                    sorted.held.push(doubted(keys.message, row));
                    continue;
                }
                sorted.keys.push(keys.message);
                if *trust == Trust::Signed && !is_signed_for {
                    sorted.newly_signed.insert(row.imei.clone(), row.received_at);
                }
            }
        }
    }
    Ok(sorted)
}

impl Sorted {
    /// The keys of a new message are its own from now on. A name that is another message's stays that one's, and the
    /// two are shown to a person.
    fn take_keys(&mut self, taken: &mut HashMap<Digest, Id>, keys: &Keys, row: &MessageRow) {
        taken.insert(keys.message, row.id);
        if let Some(same) = keys.same {
            taken.insert(same, row.id);
            self.further_keys.push((same, row.id));
        }
        let Some(name) = keys.name else { return };
        match taken.get(&name) {
            Some(other) => self.faulty.extend(namesake(row, (*other).into())),
            None => {
                taken.insert(name, row.id);
                self.further_keys.push((name, row.id));
            }
        }
    }
}

/// Notes the further keys of a message that a person lets in, as far as they are free.
pub(crate) fn note_further_keys(tx: &mut Tx<'_>, keys: &Keys, message: Id) -> Result<(), StoreError> {
    let further: Vec<Digest> = [keys.same, keys.name].into_iter().flatten().collect();
    let taken = messages::by_keys(tx, &further)?;
    let free: Vec<_> =
        further.into_iter().filter(|key| !taken.contains_key(key)).map(|key| (key, message)).collect();
    messages::note_keys(tx, &free)
}

/// Another message has come under the same name.
fn namesake(row: &MessageRow, other: MessageId) -> Option<Finding> {
    let reason = format!("The provider has pushed another message under the same id: {other}.");
    let imei = row.imei.parse().ok()?;
    let mut finding = Finding::about(ProblemKind::ConflictingMessage, row.id.into(), imei, reason);
    finding.excerpt = Some(String::from_utf8_lossy(&row.body).into_owned());
    Some(finding)
}

/// Held copies of messages that have now come with a better word are settled.
fn release_twins(tx: &mut Tx<'_>, clock: &Clock, keys: &[Digest]) -> Result<Vec<ProblemId>, StoreError> {
    let mut settled = Vec::new();
    if keys.is_empty() {
        return Ok(settled);
    }
    for id in held::by_keys(tx, keys)? {
        settled.extend(let_go(tx, clock, id.into())?);
    }
    Ok(settled)
}

/// What a message was not trusted enough to tell devices is looked at again.
fn pass_on_after_all(
    tx: &mut Tx<'_>,
    clock: &Clock,
    message: MessageId,
) -> Result<Option<ProblemId>, StoreError> {
    let targets = to_devices::vouched_for(tx, message, clock.now())?;
    if targets.is_empty() {
        return Ok(None);
    }
    let waiting: Vec<DeliveryWaiting> =
        targets.into_iter().map(|device| DeliveryWaiting { target_id: device.uuid() }).collect();
    fairlead_bus::enqueue_many(tx, clock, &waiting, None)?;
    let (kind, subject) = (ProblemKind::RefusedCommand, message.to_string());
    problems::settle_subject(tx, clock, kind, &subject, ProblemState::Admitted)
}

/// A held push is in after all: it is held no longer, and its problem is settled.
pub(crate) fn let_go(tx: &mut Tx<'_>, clock: &Clock, id: HeldId) -> Result<Option<ProblemId>, StoreError> {
    let kind = record::kind_of(&held::get(tx, id)?.why);
    held::remove(tx, id)?;
    problems::settle_subject(tx, clock, kind, &id.to_string(), ProblemState::Admitted)
}

fn fault_finding(row: &MessageRow, faults: &[String]) -> Option<Finding> {
    let imei = row.imei.parse().ok()?;
    let reason = faults.join("; ");
    let mut finding = Finding::about(ProblemKind::FaultyPush, row.id.into(), imei, reason);
    // What a person would repair: the text, or the data from which none could be made.
    let text = row.payload.as_deref().map(String::from_utf8_lossy).map(std::borrow::Cow::into_owned);
    finding.excerpt = text.or_else(|| row.payload_raw.clone());
    (!faults.is_empty()).then_some(finding)
}

/// An unsigned push for an IMEI that the provider signs for.
fn doubted(key: Digest, row: &MessageRow) -> (HeldRow, Finding) {
    let reason = "It is unsigned, but the provider has signed messages of this IMEI.".to_owned();
    let id = HeldId::from(MessageId::from(row.id).uuid());
    let finding = Finding {
        kind: ProblemKind::UntrustedPush,
        subject: id.to_string(),
        reason: reason.clone(),
        modem_id: None,
        imei: row.imei.parse().ok(),
        message_id: None,
        held_id: Some(id),
        excerpt: Some(String::from_utf8_lossy(&row.body).into_owned()),
    };
    let held = HeldRow {
        id: row.id,
        provider: row.provider.clone(),
        why: UNTRUSTED.to_owned(),
        reason,
        imei: Some(row.imei.clone()),
        dup_key: Some(key),
        received_at: row.received_at,
        body: row.body.clone(),
        source: row.source.clone(),
    };
    (held, finding)
}

impl Prepared {
    pub(crate) fn keys(&self) -> Option<Keys> {
        match self {
            Self::Message { keys, .. } => Some(*keys),
            Self::Held { .. } => None,
        }
    }

    fn imei(&self) -> Option<String> {
        match self {
            Self::Message { row, .. } => Some(row.imei.clone()),
            Self::Held { .. } => None,
        }
    }
}
