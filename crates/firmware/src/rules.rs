//! What a roll-out does next: the facts of its stages in, a verdict out. No I/O.

use fairlead_model::firmware::StageState;
use fairlead_store::firmware::rollouts::Counts;

/// What is known of a stage.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct StageFacts {
    /// Its place, from 1.
    pub(crate) ordinal: i32,
    /// How it is.
    pub(crate) state: StageState,
    /// Percentage of its devices that must succeed before the next stage begins.
    pub(crate) success_percent: i32,
    /// Percentage of its devices whose failing stops the roll-out.
    pub(crate) error_percent: i32,
    /// Failures that a person has tolerated by going on.
    pub(crate) tolerated: i32,
    /// How its devices are.
    pub(crate) counts: Counts,
}

/// What a running roll-out does next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// Nothing, until a device is heard or is late.
    Wait,
    /// A stage begins.
    Begin(i32),
    /// Devices of a stage get their jobs.
    Offer(i32),
    /// A stage has come far enough for the next one.
    Done(i32),
    /// Nothing more is offered until a person goes on.
    Stop { stage: i32, why: String },
    /// Every device has had its turn.
    Finish,
}

impl StageFacts {
    /// Devices that take part: those that are left out count neither as good nor as bad.
    fn devices(&self) -> i64 {
        self.counts.all() - self.counts.skipped
    }

    fn has_begun(&self) -> bool {
        self.state != StageState::Waiting
    }

    /// Whether so many failed, beside those that a person has tolerated, that the roll-out must stop.
    fn has_failed(&self) -> bool {
        let failed = self.counts.failed - i64::from(self.tolerated);
        failed > 0 && failed * 100 >= self.devices() * i64::from(self.error_percent)
    }

    /// Whether enough succeeded for the next stage.
    fn has_succeeded(&self) -> bool {
        self.counts.succeeded * 100 >= self.devices() * i64::from(self.success_percent)
    }

    /// Whether every device has had its turn.
    fn is_over(&self) -> bool {
        self.counts.waiting + self.counts.offered == 0
    }

    /// Whether all its devices were left out: then nobody has tried the version for the next stage.
    fn has_nobody(&self) -> bool {
        self.counts.skipped > 0 && self.devices() == 0
    }

    fn nobody_took_part(&self) -> String {
        format!(
            "Stage {} is over and nobody took part: all its devices were left out. Go on if the next stage may begin \
             untried.",
            self.ordinal
        )
    }

    fn too_many_failed(&self) -> String {
        let Self { ordinal, error_percent, tolerated, counts, .. } = self;
        let beside = match tolerated {
            0 => String::new(),
            some => format!(" ({some} of them were tolerated before)"),
        };
        format!(
            "In stage {ordinal}, {} of {} failed{beside}; the roll-out stops at {error_percent} %.",
            counts.failed,
            devices(self.devices())
        )
    }

    fn too_few_succeeded(&self) -> String {
        let Self { ordinal, success_percent, counts, .. } = self;
        format!(
            "In stage {ordinal}, {} of {} succeeded and no device is left to wait for; the next stage asks for \
             {success_percent} %.",
            counts.succeeded,
            devices(self.devices())
        )
    }
}

fn devices(count: i64) -> String {
    if count == 1 { "1 device".to_owned() } else { format!("{count} devices") }
}

/// Judges a running roll-out by its stages, in order. Whatever a verdict changes is judged anew.
pub(crate) fn judge(stages: &[StageFacts]) -> Verdict {
    let begun = || stages.iter().filter(|stage| stage.has_begun());
    if let Some(stage) = begun().find(|stage| stage.has_failed()) {
        return Verdict::Stop { stage: stage.ordinal, why: stage.too_many_failed() };
    }
    if let Some(stage) = begun().find(|stage| stage.counts.waiting > 0) {
        return Verdict::Offer(stage.ordinal);
    }
    let last = stages.last().map(|stage| stage.ordinal);
    if let Some(stage) = begun().find(|stage| stage.state != StageState::Done) {
        return match () {
            () if last != Some(stage.ordinal) && stage.has_nobody() => {
                Verdict::Stop { stage: stage.ordinal, why: stage.nobody_took_part() }
            }
            () if stage.has_succeeded() => Verdict::Done(stage.ordinal),
            // Nothing comes after the last one that would have to be kept back.
            () if stage.is_over() && last == Some(stage.ordinal) => Verdict::Done(stage.ordinal),
            () if stage.is_over() => Verdict::Stop { stage: stage.ordinal, why: stage.too_few_succeeded() },
            () => Verdict::Wait,
        };
    }
    if let Some(next) = stages.iter().find(|stage| !stage.has_begun()) {
        return Verdict::Begin(next.ordinal);
    }
    if stages.iter().all(StageFacts::is_over) { Verdict::Finish } else { Verdict::Wait }
}

/// How a stage is when a person goes on after a stop or starts its failed devices again: the failures until now are
/// tolerated, and a stage that has nobody left to wait for is done.
pub(crate) fn go_on(stage: &StageFacts) -> (StageState, i32) {
    let tolerated = i32::try_from(stage.counts.failed).unwrap_or(i32::MAX);
    let state = match stage.state {
        StageState::Waiting => StageState::Waiting,
        _ if stage.is_over() => StageState::Done,
        StageState::Done => StageState::Done,
        StageState::Running | StageState::Failed => StageState::Running,
    };
    (state, tolerated)
}

/// How many of `rest` devices a stage takes: the share rounded up, so that a stage that should have some has one.
pub(crate) fn share(percent: u32, rest: usize) -> usize {
    (rest * percent.min(100) as usize).div_ceil(100)
}

#[cfg(test)]
mod tests {
    use super::*;

    use StageState::{Done, Failed, Running, Waiting};

    /// Success at 80 %, errors at 20 %; counts are waiting, offered, succeeded, failed, skipped.
    fn stage(ordinal: i32, state: StageState, counts: [i64; 5]) -> StageFacts {
        let [waiting, offered, succeeded, failed, skipped] = counts;
        let counts = Counts { waiting, offered, succeeded, failed, skipped };
        StageFacts { ordinal, state, success_percent: 80, error_percent: 20, tolerated: 0, counts }
    }

    fn stopped(stage: i32) -> Verdict {
        Verdict::Stop { stage, why: String::new() }
    }

    /// The verdict without its sentence.
    fn verdict(stages: &[StageFacts]) -> Verdict {
        match judge(stages) {
            Verdict::Stop { stage, why } => {
                assert!(why.ends_with('.') && why.len() > 40, "{why}");
                stopped(stage)
            }
            other => other,
        }
    }

    #[test]
    fn verdicts() {
        let next = stage(2, Waiting, [5, 0, 0, 0, 0]);
        let cases: &[(&str, [i64; 5], StageState, Verdict)] = &[
            ("it has not begun", [10, 0, 0, 0, 0], Waiting, Verdict::Begin(1)),
            ("devices wait for their jobs", [10, 0, 0, 0, 0], Running, Verdict::Offer(1)),
            ("devices have their jobs", [0, 10, 0, 0, 0], Running, Verdict::Wait),
            ("not enough yet", [0, 3, 7, 0, 0], Running, Verdict::Wait),
            ("just enough", [0, 2, 8, 0, 0], Running, Verdict::Done(1)),
            ("one failed, the rest is busy", [0, 2, 7, 1, 0], Running, Verdict::Wait),
            ("one in five failed", [0, 8, 0, 2, 0], Running, stopped(1)),
            ("errors count before successes", [0, 0, 8, 2, 0], Running, stopped(1)),
            ("who is left out does not count as good", [0, 1, 3, 0, 6], Running, Verdict::Wait),
            ("who is left out does not thin the errors", [0, 3, 0, 1, 6], Running, stopped(1)),
            ("an error stops also while others wait", [4, 4, 0, 2, 0], Running, stopped(1)),
            ("all are left out", [0, 0, 0, 0, 10], Running, stopped(1)),
            ("all are left out, and a person went on", [0, 0, 0, 0, 10], Done, Verdict::Begin(2)),
            ("an empty stage", [0, 0, 0, 0, 0], Running, Verdict::Done(1)),
            ("done, then late failures", [0, 0, 8, 2, 0], Done, stopped(1)),
            ("done: the next one begins", [0, 2, 8, 0, 0], Done, Verdict::Begin(2)),
            ("done, and a device waits again", [1, 0, 9, 0, 0], Done, Verdict::Offer(1)),
        ];
        for (what, counts, state, wanted) in cases {
            assert_eq!(verdict(&[stage(1, *state, *counts), next.clone()]), *wanted, "{what}");
        }
    }

    #[test]
    fn the_end() {
        let first = stage(1, Done, [0, 0, 10, 0, 0]);
        let end = |state, counts| verdict(&[first.clone(), stage(2, state, counts)]);
        assert_eq!(end(Running, [0, 1, 9, 0, 0]), Verdict::Done(2));
        assert_eq!(end(Done, [0, 1, 9, 0, 0]), Verdict::Wait, "one is still busy");
        assert_eq!(end(Done, [0, 0, 10, 0, 0]), Verdict::Finish);
        let mut busy = first.clone();
        busy.counts.offered = 1;
        assert_eq!(verdict(&[busy, stage(2, Done, [0, 0, 10, 0, 0])]), Verdict::Wait);
        assert_eq!(end(Running, [0, 0, 0, 0, 10]), Verdict::Done(2), "nobody comes after them");
        // The last stage holds nothing back.
        let mut lax = stage(2, Running, [0, 0, 5, 5, 0]);
        lax.error_percent = 60;
        assert_eq!(verdict(&[first.clone(), lax.clone()]), Verdict::Done(2));
        assert_eq!(verdict(&[lax, stage(3, Waiting, [1, 0, 0, 0, 0])]), stopped(2));
        assert_eq!(verdict(&[]), Verdict::Finish);
    }

    #[test]
    fn thresholds_of_nothing_and_of_all() {
        let mut at_once = stage(1, Running, [0, 10, 0, 0, 0]);
        at_once.success_percent = 0;
        assert_eq!(judge(&[at_once]), Verdict::Done(1));
        let mut never = stage(1, Running, [0, 1, 0, 9, 0]);
        never.error_percent = 100;
        assert_eq!(judge(&[never.clone()]), Verdict::Wait);
        never.counts = Counts { failed: 10, ..Counts::default() };
        assert_eq!(verdict(&[never]), stopped(1));
        let mut strict = stage(1, Running, [0, 999, 0, 0, 0]);
        strict.error_percent = 0;
        assert_eq!(judge(&[strict.clone()]), Verdict::Wait, "nobody failed");
        strict.counts.failed = 1;
        assert_eq!(verdict(&[strict]), stopped(1));
    }

    #[test]
    fn a_person_who_goes_on_tolerates_what_has_failed_until_now() {
        let goes_on = |facts: StageFacts| {
            let (state, tolerated) = go_on(&facts);
            StageFacts { state, tolerated, ..facts }
        };
        let resumed = goes_on(stage(1, Failed, [6, 0, 2, 2, 0]));
        assert_eq!((resumed.state, resumed.tolerated), (Running, 2));
        assert_eq!(verdict(std::slice::from_ref(&resumed)), Verdict::Offer(1));
        // As many again stop it again.
        let mut worse = resumed;
        worse.counts = Counts { offered: 4, succeeded: 2, failed: 4, ..Counts::default() };
        let Verdict::Stop { why, .. } = judge(&[worse]) else { panic!("it goes on") };
        assert_eq!(
            why,
            "In stage 1, 4 of 10 devices failed (2 of them were tolerated before); the roll-out stops at 20 %."
        );
        // Nobody is left to wait for: the next stage may begin.
        assert_eq!(goes_on(stage(1, Failed, [0, 0, 6, 4, 0])).state, Done);
        assert_eq!(goes_on(stage(1, Failed, [0, 0, 0, 0, 4])).state, Done);
        assert_eq!(goes_on(stage(1, Failed, [0, 1, 5, 4, 0])).state, Running);
        assert_eq!(goes_on(stage(2, Waiting, [9, 0, 0, 0, 0])).state, Waiting);
        assert_eq!(goes_on(stage(1, Done, [0, 1, 9, 0, 0])).state, Done);
    }

    #[test]
    fn shares_are_rounded_up() {
        for (percent, rest, wanted) in
            [(10, 100, 10), (10, 1, 1), (10, 0, 0), (33, 10, 4), (100, 7, 7), (200, 7, 7)]
        {
            assert_eq!(share(percent, rest), wanted, "{percent} % of {rest}");
        }
    }
}
