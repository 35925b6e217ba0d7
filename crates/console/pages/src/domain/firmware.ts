// Firmware as people read it: how a source, a version, an upgrade and a roll-out stand, and what can be done.
import type { Role } from "../api/types";
import type {
  Job,
  JobState,
  Rollout,
  RolloutState,
  SignatureState,
  Source,
  Stage,
  StageState,
  TargetState,
  Version,
  VersionState,
} from "../firmware/apiTypes";
import type { Device } from "../registry/apiTypes";
import { t } from "../text/text";
import type { Mark } from "../ui/StateMark";
import { relative, span } from "./time";

/** Whether a person may change anything about firmware. */
export function mayUpgrade(role: Role): boolean {
  return role !== "viewer";
}

/** `17 bytes`, `41 kB`, `1.2 MB`. */
export function size(bytes: number): string {
  if (bytes < 1000) return t("size.bytes", { n: bytes });
  const rounded = (value: number) => (value < 10 ? value.toFixed(1).replace(/\.0$/, "") : String(Math.round(value)));
  if (bytes < 999_500) return t("size.kilo", { n: rounded(bytes / 1000) });
  if (bytes < 999_500_000) return t("size.mega", { n: rounded(bytes / 1_000_000) });
  return t("size.giga", { n: rounded(bytes / 1_000_000_000) });
}

/** A commit as people name it. */
export const shortCommit = (commit: string): string => commit.slice(0, 9);

/** What a version is called: its branch or tag, or its commit in short. */
export function revisionName(revision: string): string {
  const [, name] = /^refs\/(?:heads|tags)\/(.+)$/.exec(revision) ?? [];
  if (name !== undefined) return name;
  return /^[0-9a-f]{40}(?:[0-9a-f]{24})?$/.test(revision) ? shortCommit(revision) : revision;
}

export interface Health {
  mark: Mark;
  title: string;
  /** What is wrong, in the server's words. */
  wrong: string | null;
  /** What that means and what to do. */
  todo: string | null;
}

/** How a mirror is. What it fetched once stays usable while its repository cannot be reached. */
export function sourceHealth(source: Source, now: number): Health {
  const { fetched_at, failed_at, failure } = source;
  const fetched = fetched_at === null ? null : relative(fetched_at, now);
  if (failed_at === null && failure === null) {
    if (fetched === null) {
      return { mark: "never", title: t("source.never"), wrong: null, todo: t("source.never_how") };
    }
    return { mark: "ok", title: t("source.fetched", { ago: fetched }), wrong: null, todo: null };
  }
  const title = failed_at === null ? t("source.failing") : t("source.failed", { ago: relative(failed_at, now) });
  const todo = fetched === null ? t("source.failed_first") : t("source.failed_since", { ago: fetched });
  return { mark: "silent", title, wrong: failure, todo };
}

export const VERSION_MARK: Record<VersionState, Mark> = { preparing: "never", ready: "ok", refused: "silent" };
export const SIGNATURE_MARK: Record<SignatureState, Mark> = { unsigned: "all", good: "ok", bad: "silent" };
export const JOB_MARK: Record<JobState, Mark> = {
  preparing: "never",
  ready: "never",
  transferring: "never",
  succeeded: "ok",
  failed: "silent",
  timed_out: "silent",
  cancelled: "all",
};
export const STAGE_MARK: Record<StageState, Mark> = {
  waiting: "never",
  running: "never",
  done: "ok",
  failed: "silent",
};
export const TARGET_MARK: Record<TargetState, Mark> = {
  waiting: "never",
  offered: "never",
  succeeded: "ok",
  failed: "silent",
  skipped: "all",
};
const ROLLOUT_MARK: Record<RolloutState, Mark> = {
  waiting_for_approval: "problem",
  ready: "never",
  running: "never",
  paused: "late",
  stopped: "silent",
  finished: "ok",
  cancelled: "all",
};

/** Who vouches for a version, said honestly. */
export function signatureWords({ signature, signed_by }: Pick<Version, "signature" | "signed_by">): string {
  if (signature === "good") return signed_by ? t("signature.good_by", { name: signed_by }) : t("signature.good");
  return t(`signature.${signature}`);
}

/** Whether an upgrade goes on. */
export function isActive(state: JobState): boolean {
  return state === "preparing" || state === "ready" || state === "transferring";
}

const ALONG: Partial<Record<JobState, number>> = { preparing: 0, ready: 1, transferring: 2 };

/** The later word of two on one upgrade; news comes in no promised order. Of equal ones, the first. */
export function laterJob(word: Job, other: Job): Job {
  const heard = (job: Job) => (job.heard_at === null ? 0 : Date.parse(job.heard_at));
  const order =
    Number(!isActive(word.state)) - Number(!isActive(other.state)) ||
    word.attempts - other.attempts ||
    heard(word) - heard(other) ||
    word.files_done - other.files_done ||
    (ALONG[word.state] ?? 3) - (ALONG[other.state] ?? 3);
  return order < 0 ? other : word;
}

/** How much of an upgrade is done, from 0 to 1. */
export function jobShare(job: Pick<Job, "state" | "files" | "files_done" | "bytes" | "bytes_done">): number {
  if (job.state === "succeeded") return 1;
  const share = job.bytes > 0 ? job.bytes_done / job.bytes : job.files > 0 ? job.files_done / job.files : 0;
  return Math.min(1, Math.max(0, share));
}

/** `23 of 107 files, 118 of 486 kB`. */
export function jobProgress(job: Pick<Job, "files" | "files_done" | "bytes" | "bytes_done">): string {
  const files = t("job.files", { done: job.files_done, n: job.files });
  return t("job.progress", { files, done: size(job.bytes_done), all: size(job.bytes) });
}

/** What happens next in an upgrade, or why it ended. */
export function jobSentence(job: Job, connected: boolean | null): string {
  if (job.cause) return job.cause;
  if (job.state === "ready") {
    if (job.attempts > 0) return t("job.is.ready_again");
    return t(connected === false ? "job.is.ready_away" : "job.is.ready");
  }
  if (job.state === "transferring" && job.files > 0 && job.files_done >= job.files) return t("job.is.all_fetched");
  return t(`job.is.${job.state}`);
}

/** The same for a row, where the state is said already. */
export function jobRowWords(job: Job): string {
  if (job.state !== "succeeded" || job.started_at === null || job.ended_at === null) return jobSentence(job, null);
  return t("job.took", { span: span((Date.parse(job.ended_at) - Date.parse(job.started_at)) / 1000) });
}

/** What will happen when a device is upgraded, in sentences. */
export function upgradeEffect(device: Device, version: Version, call: boolean): string[] {
  const { name } = device;
  const files = t("files", { n: version.files });
  const start = call ? t("upgrade.effect_call", { name }) : t("upgrade.effect_wait", { name });
  const fetching =
    version.state === "ready"
      ? t("upgrade.effect_fetch", { files, size: size(version.bytes) })
      : t("upgrade.effect_prepare");
  return [start, fetching, t("upgrade.effect_back")];
}

/** What speaks against giving a version to a device; nothing of it forbids it. */
export function upgradeWarnings(device: Device, version: Version, has: Version | undefined): string[] {
  const seen = device.firmware;
  const warnings: string[] = [];
  if (seen !== null) {
    if (seen.version_id === version.id || seen.commit === version.commit) warnings.push(t("upgrade.same"));
    else if (seen.source !== version.source) warnings.push(t("upgrade.other_source", { source: seen.source }));
    else if (has !== undefined && Date.parse(has.committed_at) > Date.parse(version.committed_at)) {
      warnings.push(t("upgrade.older", { revision: revisionName(seen.revision) }));
    }
  }
  if (version.signature === "unsigned") warnings.push(t("upgrade.unsigned"));
  return warnings;
}

type Counted = Pick<Stage, "devices" | "waiting" | "offered" | "succeeded" | "failed" | "skipped">;

/** All devices of a roll-out, by how they are. */
export function totals(stages: readonly Counted[]): Counted {
  const sum = { devices: 0, waiting: 0, offered: 0, succeeded: 0, failed: 0, skipped: 0 };
  for (const stage of stages) for (const key of Object.keys(sum) as (keyof Counted)[]) sum[key] += stage[key];
  return sum;
}

export interface Slice {
  is: TargetState;
  n: number;
  /** Of the stage's devices, in percent. */
  percent: number;
}

const SLICES: TargetState[] = ["succeeded", "offered", "waiting", "failed", "skipped"];

const everyone = (stage: Counted): number =>
  Math.max(
    1,
    SLICES.reduce((sum, is) => sum + stage[is], 0),
  );

/** A stage's devices as parts of a bar: what is won grows from the left, what is lost from the right. */
export function slices(stage: Counted): Slice[] {
  const all = Math.max(
    1,
    SLICES.reduce((sum, is) => sum + stage[is], 0),
  );
  return SLICES.filter((is) => stage[is] > 0).map((is) => ({ is, n: stage[is], percent: (100 * stage[is]) / all }));
}

/** `2 succeeded, 1 failed`: whatever is not none. */
export function countsWords(stage: Counted): string {
  const parts = SLICES.filter((is) => stage[is] > 0).map((is) => t(`target.count.${is}`, { n: stage[is] }));
  return parts.length === 0 ? t("stage.nobody") : parts.join(", ");
}

/** The mark of a roll-out; one that is finished is not wholly well where devices failed. */
export function rolloutMark(rollout: Pick<Rollout, "state" | "stages">): Mark {
  if (rollout.state === "finished" && totals(rollout.stages).failed > 0) return "late";
  return ROLLOUT_MARK[rollout.state] ?? "all";
}

export const ROLLOUT_ACTIONS = ["start", "approve", "resume", "retry", "pause", "roll-back", "cancel"] as const;
export type RolloutAction = (typeof ROLLOUT_ACTIONS)[number];

/** What can be done with a roll-out as it is; who may is another question. */
export function rolloutActions(rollout: Pick<Rollout, "state" | "stages">): RolloutAction[] {
  const { failed, succeeded } = totals(rollout.stages);
  const retry: RolloutAction[] = failed > 0 ? ["retry"] : [];
  const back: RolloutAction[] = succeeded > 0 ? ["roll-back"] : [];
  switch (rollout.state) {
    case "waiting_for_approval":
      return ["approve", "cancel"];
    case "ready":
      return ["start", "cancel"];
    case "running":
      return ["pause", "cancel"];
    case "paused":
      return ["resume", ...retry, ...back, "cancel"];
    case "stopped":
      return [...retry, "resume", ...back, "cancel"];
    case "finished":
    case "cancelled":
      return [...(rollout.state === "finished" ? retry : []), ...back];
  }
}

/** Whether a reason is asked for: what cannot be undone, and what goes against the roll-out's own judgement. */
export function needsReason(action: RolloutAction, state: RolloutState): boolean {
  return action === "cancel" || action === "roll-back" || (action === "resume" && state === "stopped");
}

/** Whether a person can approve a roll-out: another one than its maker, with a right to change. */
export function mayApprove(rollout: Pick<Rollout, "created_by">, me: string, role: Role): boolean {
  return mayUpgrade(role) && rollout.created_by !== me;
}

/** How a roll-out is and what to do now, in sentences. */
export function rolloutSentences(rollout: Rollout, me: string): string[] {
  const { state, cause } = rollout;
  const said = cause === null || cause === "" ? [] : [cause];
  const { failed, succeeded, devices, skipped } = totals(rollout.stages);
  const running = rollout.stages.find((stage) => stage.state === "running");
  const words: Partial<Record<RolloutState, () => string[]>> = {
    waiting_for_approval: () => [
      rollout.created_by === me
        ? t("rollout.is.waiting_for_other")
        : t("rollout.is.waiting_for_approval", { name: rollout.created_by }),
    ],
    ready: () => [
      rollout.approved_by ? t("rollout.is.ready_approved", { name: rollout.approved_by }) : t("rollout.is.ready"),
    ],
    running: () => [
      running
        ? t("rollout.is.running", {
            stage: running.ordinal,
            of: rollout.stages.length,
            done: succeeded,
            n: devices - skipped,
          })
        : t(
            rollout.stages.some((stage) => stage.state === "waiting")
              ? "rollout.is.running_soon"
              : "rollout.is.running_last",
          ),
    ],
    paused: () => [...said, t("rollout.is.paused")],
    stopped: () => [...said, t("rollout.is.stopped")],
    finished: () => [
      failed === 0 ? t("rollout.is.finished", { n: succeeded }) : t("rollout.is.finished_failed", { n: failed }),
    ],
    cancelled: () => [...said, t("rollout.is.cancelled")],
  };
  return words[state]?.() ?? said;
}

/** When the next stage begins and when all stops, in a sentence. */
export function thresholdWords(stage: Pick<Stage, "success_percent" | "error_percent">, last: boolean): string {
  const { success_percent, error_percent } = stage;
  const error = error_percent === 0 ? t("stage.stops_at_one") : t("stage.stops_at", { percent: error_percent });
  if (last) return t("stage.only_error", { error });
  const success = success_percent === 0 ? t("stage.goes_on") : t("stage.goes_on_at", { percent: success_percent });
  return t("stage.both", { success, error });
}

/** Where on a stage's bar the next stage begins, and where all stops, in percent of its width from the left. */
export function thresholdMarks(stage: Stage, last: boolean): { success: number | null; error: number | null } {
  if (stage.state === "done") return { success: null, error: null };
  const all = everyone(stage);
  // Who is left out stands at the right end and counts neither as good nor as bad.
  const width = (100 * (all - stage.skipped)) / all;
  // At the very ends there is nothing to mark.
  const inside = (percent: number) => (percent > 0 && percent < 100 ? (width * percent) / 100 : null);
  return { success: last ? null : inside(stage.success_percent), error: inside(100 - stage.error_percent) };
}
