// Tables for firmware: sources, versions, upgrades, roll-outs.
import { expect, test } from "vitest";
import type { Job, Rollout, Source, Stage, Version } from "../firmware/apiTypes";
import type { Device } from "../registry/apiTypes";
import {
  countsWords,
  jobProgress,
  jobRowWords,
  jobSentence,
  jobShare,
  laterJob,
  mayApprove,
  needsReason,
  revisionName,
  rolloutActions,
  rolloutMark,
  rolloutSentences,
  signatureWords,
  size,
  slices,
  sourceHealth,
  thresholdMarks,
  thresholdWords,
  upgradeEffect,
  upgradeWarnings,
} from "./firmware";

const now = Date.parse("2026-05-01T12:00:00Z");
const ago = (minutes: number) => new Date(now - minutes * 60_000).toISOString();

test.each([
  [0, "0 bytes"],
  [1, "1 byte"],
  [999, "999 bytes"],
  [1000, "1 kB"],
  [8_527, "8.5 kB"],
  [41_000, "41 kB"],
  [485_843, "486 kB"],
  [999_499, "999 kB"],
  [999_500, "1 MB"],
  [1_240_000, "1.2 MB"],
  [3_000_000_000, "3 GB"],
])("%i bytes", (bytes, words) => expect(size(bytes)).toBe(words));

test("a commit is named in short, a branch and a tag whole", () => {
  expect(revisionName("0123456789abcdef0123456789abcdef01234567")).toBe("012345678");
  expect(revisionName("v2.4.1")).toBe("v2.4.1");
  expect(revisionName("0123456789")).toBe("0123456789");
  expect(revisionName("refs/heads/feature/x")).toBe("feature/x");
});

const source = (of: Partial<Source>) =>
  ({ name: "buoy", fetched_at: null, failed_at: null, failure: null, bytes: 0, ...of }) as Source;

test("a source says when it was fetched, what is wrong, and what that means", () => {
  expect(sourceHealth(source({}), now)).toMatchObject({ mark: "never", wrong: null });
  const well = sourceHealth(source({ fetched_at: ago(3) }), now);
  expect(well).toEqual({ mark: "ok", title: "Fetched 3 min ago", wrong: null, todo: null });
  const failure = "The server refused the key.";
  const ill = sourceHealth(source({ fetched_at: ago(180), failed_at: ago(5), failure }), now);
  expect(ill).toMatchObject({ mark: "silent", title: "It could not be fetched 5 min ago", wrong: failure });
  expect(ill.todo).toMatch(/^What was fetched 3 h ago is kept/);
  expect(sourceHealth(source({ failed_at: ago(5), failure }), now).todo).toMatch(/^No version of it can be chosen/);
});

test.each([
  ["unsigned", null, "Unsigned"],
  ["bad", null, "Bad signature"],
  ["good", "release", "Signed by release"],
  ["good", null, "Signed"],
] as const)("%s by %s", (signature, signed_by, words) => {
  expect(signatureWords({ signature, signed_by })).toBe(words);
});

const job = (of: Partial<Job>) =>
  ({
    id: "j",
    state: "transferring",
    cause: null,
    attempts: 1,
    heard_at: ago(1),
    files: 107,
    files_done: 23,
    bytes: 485_843,
    bytes_done: 118_000,
    ...of,
  }) as Job;

test("the later word on an upgrade counts, in whatever order it comes", () => {
  const words = [
    job({ state: "preparing", attempts: 0, heard_at: null, files_done: 0 }),
    job({ state: "ready", attempts: 0, heard_at: null, files_done: 0 }),
    job({ files_done: 40, heard_at: ago(9) }),
    job({ attempts: 2, files_done: 3, heard_at: ago(5) }),
    job({ attempts: 2, files_done: 4, heard_at: ago(5) }),
    job({ state: "failed", attempts: 2, files_done: 4, heard_at: ago(5) }),
  ];
  for (const [i, earlier] of words.entries()) {
    for (const later of words.slice(i + 1)) {
      expect(laterJob(later, earlier)).toBe(later);
      expect(laterJob(earlier, later)).toBe(later);
    }
  }
  const fresh = job({});
  expect(laterJob(fresh, job({}))).toBe(fresh);
});

test("how far an upgrade has come, by bytes, else by files", () => {
  expect(jobShare(job({}))).toBeCloseTo(0.243, 3);
  expect(jobShare(job({ bytes: 0, bytes_done: 0 }))).toBeCloseTo(23 / 107);
  expect(jobShare(job({ files: 0, bytes: 0 }))).toBe(0);
  expect(jobShare(job({ bytes_done: 900_000 }))).toBe(1);
  expect(jobShare(job({ state: "succeeded", bytes_done: 0 }))).toBe(1);
  expect(jobProgress(job({}))).toBe("23 of 107 files, 118 kB of 486 kB");
  expect(jobProgress(job({ files: 1, files_done: 0 }))).toBe("0 of 1 file, 118 kB of 486 kB");
});

test("what happens next in an upgrade", () => {
  expect(jobSentence(job({ cause: "The device says that file 3 did not fit." }), true)).toMatch(/file 3/);
  expect(jobSentence(job({ state: "ready", attempts: 0 }), true)).toBe("It waits for the device to ask for it.");
  expect(jobSentence(job({ state: "ready", attempts: 0 }), false)).toMatch(/has no line now/);
  expect(jobSentence(job({ state: "ready", attempts: 1 }), true)).toMatch(/was cut off/);
  expect(jobSentence(job({}), true)).toBe("The device is fetching files.");
  expect(jobSentence(job({ files_done: 107 }), true)).toMatch(/has every file/);
  expect(jobRowWords(job({ state: "succeeded", started_at: ago(9), ended_at: ago(3) }))).toBe("Took 6 min");
  expect(jobRowWords(job({ state: "succeeded", started_at: null, ended_at: ago(3) }))).toMatch(/says that it has/);
});

const version = (of: Partial<Version> = {}) =>
  ({
    id: "v2",
    source: "buoy",
    revision: "v2.4.1",
    commit: "b".repeat(40),
    committed_at: ago(60),
    state: "ready",
    signature: "good",
    files: 107,
    bytes: 485_843,
    ...of,
  }) as Version;
const device = (firmware: Partial<Device["firmware"]> | null): Device =>
  ({
    name: "PK003",
    firmware: firmware && { version_id: "v1", source: "buoy", revision: "v2.3.0", commit: "a".repeat(40), ...firmware },
  }) as Device;

test("an upgrade says what will happen", () => {
  expect(upgradeEffect(device(null), version(), true)).toEqual([
    "PK003 is called now: it leaves its service and restarts into its updater.",
    "It fetches 107 files, 486 kB in all, and checks each of them.",
    "Then it restarts and comes back. Until then it neither reports nor listens.",
  ]);
  expect(upgradeEffect(device(null), version({ state: "preparing" }), false).join(" ")).toMatch(
    /is not called.*once that is prepared/,
  );
});

test.each([
  ["nothing", device({}), version(), version({ committed_at: ago(90) }), []],
  ["the same", device({ version_id: "v2" }), version(), undefined, ["It has this version already."]],
  ["the same commit", device({ commit: "b".repeat(40) }), version(), undefined, ["It has this version already."]],
  ["older", device({}), version(), version({ committed_at: ago(5) }), ["This is older than what it has now, v2.3.0."]],
  [
    "another source, unsigned",
    device({ source: "handset" }),
    version({ signature: "unsigned" }),
    undefined,
    [
      "What it has now is from another source, handset. Make sure that this is made for it.",
      "Nobody vouches for this version: it is unsigned.",
    ],
  ],
  ["not known what it has", device(null), version(), undefined, []],
] as const)("warnings: %s", (_, of, wanted, has, warnings) => {
  expect(upgradeWarnings(of, wanted, has)).toEqual(warnings);
});

const stage = (of: Partial<Stage>): Stage => ({
  ordinal: 1,
  state: "running",
  success_percent: 100,
  error_percent: 20,
  devices: 10,
  waiting: 0,
  offered: 0,
  succeeded: 0,
  failed: 0,
  skipped: 0,
  ...of,
});

test("a stage's bar: won from the left, lost from the right, nothing where nobody is", () => {
  const parts = slices(stage({ succeeded: 5, offered: 2, failed: 1, skipped: 2 }));
  expect(parts.map(({ is, percent }) => `${is} ${percent}`)).toEqual([
    "succeeded 50",
    "offered 20",
    "failed 10",
    "skipped 20",
  ]);
  expect(slices(stage({ devices: 0 }))).toEqual([]);
  expect(countsWords(stage({ succeeded: 5, failed: 1 }))).toBe("5 succeeded, 1 failed");
  expect(countsWords(stage({ devices: 0 }))).toBe("no devices");
});

test("the thresholds stand where they take effect: who is left out does not count", () => {
  const waiting = stage({ waiting: 10, success_percent: 80, error_percent: 30 });
  expect(thresholdMarks(waiting, false)).toEqual({ success: 80, error: 70 });
  expect(thresholdMarks(waiting, true)).toEqual({ success: null, error: 70 });
  expect(thresholdMarks(stage({ waiting: 5, skipped: 5, success_percent: 80 }), false)).toEqual({
    success: 40,
    error: 40,
  });
  expect(thresholdMarks(stage({ waiting: 5, error_percent: 0 }), false)).toEqual({ success: null, error: null });
  expect(thresholdMarks({ ...waiting, state: "done" }, false)).toEqual({ success: null, error: null });
});

test.each([
  [100, 20, false, "The next stage begins when 100 % succeeded; all stops when 20 % failed."],
  [0, 0, false, "The next stage begins at once; all stops when one failed."],
  [100, 50, true, "After it comes no other; all stops when 50 % failed."],
])("%i and %i", (success_percent, error_percent, last, words) => {
  expect(thresholdWords({ success_percent, error_percent }, last)).toBe(words);
});

const rollout = (state: Rollout["state"], of: Partial<Stage> = {}, more: Partial<Rollout> = {}) =>
  ({
    state,
    cause: null,
    created_by: "Ada",
    approved_by: null,
    rolls_back: null,
    stages: [stage(of)],
    ...more,
  }) as Rollout;

test.each([
  ["waiting_for_approval", {}, ["approve", "cancel"]],
  ["ready", {}, ["start", "cancel"]],
  ["running", { failed: 1 }, ["pause", "cancel"]],
  ["paused", {}, ["resume", "cancel"]],
  ["stopped", { succeeded: 1, failed: 2 }, ["retry", "resume", "roll-back", "cancel"]],
  ["finished", { succeeded: 9, failed: 1 }, ["retry", "roll-back"]],
  ["finished", { succeeded: 10 }, ["roll-back"]],
  ["cancelled", { failed: 2 }, []],
] as const)("what can be done: %s %o", (state, of, actions) => {
  expect(rolloutActions(rollout(state, of))).toEqual(actions);
});

test("a reason is asked for where a judgement is made, and not where every second counts", () => {
  expect(needsReason("resume", "stopped")).toBe(true);
  expect(needsReason("resume", "paused")).toBe(false);
  expect(needsReason("cancel", "running")).toBe(true);
  expect(needsReason("pause", "running")).toBe(false);
});

test("whoever made it cannot approve it, nor can a viewer", () => {
  const made = rollout("waiting_for_approval");
  expect(mayApprove(made, "Ada", "admin")).toBe(false);
  expect(mayApprove(made, "Bob", "viewer")).toBe(false);
  expect(mayApprove(made, "Bob", "operator")).toBe(true);
});

const sentences = (of: Rollout) => rolloutSentences(of, "Bob");

test("a roll-out says how it is and what to do", () => {
  const cause = "In stage 1, 2 of 10 devices failed; the roll-out stops at 20 %.";
  const [why, todo] = sentences(rollout("stopped", { failed: 2 }, { cause }));
  expect(why).toBe(cause);
  expect(todo).toMatch(/retry them, go on without them, or roll back/);
  expect(sentences(rollout("running", { succeeded: 3 }))).toEqual([
    "Stage 1 of 1 is under way; 3 of 10 devices have the version.",
  ]);
  expect(sentences(rollout("running", { state: "waiting" }))).toEqual(["The next stage begins within a minute."]);
  expect(sentences(rollout("running", { state: "done" })).join()).toMatch(/^The last devices are under way/);
  expect(sentences(rollout("finished", { succeeded: 1 }))).toEqual(["1 device has the version."]);
  expect(sentences(rollout("finished", { failed: 2 })).join()).toMatch(/2 failed/);
  expect(sentences(rollout("waiting_for_approval")).join()).toMatch(/but Ada, who made it/);
  expect(rolloutSentences(rollout("waiting_for_approval"), "Ada").join()).toMatch(/^You made it/);
  expect(sentences(rollout("ready", {}, { approved_by: "Bob" })).join()).toMatch(/^Bob has approved it/);
});

test("a finished roll-out with failures is not marked as well", () => {
  expect(rolloutMark(rollout("finished", { succeeded: 10 }))).toBe("ok");
  expect(rolloutMark(rollout("finished", { failed: 1 }))).toBe("late");
  expect(rolloutMark(rollout("stopped"))).toBe("silent");
  expect(rolloutMark(rollout("waiting_for_approval"))).toBe("problem");
});
