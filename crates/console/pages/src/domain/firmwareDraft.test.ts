// Tables for a roll-out in the making: stages, faults, what the server is asked, and what it answers in words.
import { expect, test } from "vitest";
import type { Plan, Version } from "../firmware/apiTypes";
import type { DeviceRef, Group } from "../registry/apiTypes";
import {
  changed,
  choiceWords,
  type Draft,
  emptyDraft,
  leftOut,
  leftOutSentence,
  notTakenBack,
  planSentence,
  planWarnings,
  STAGES_MOST,
  STEPS,
  stageWords,
  stepFault,
  usualName,
  usualStages,
  wishOf,
  withStage,
} from "./firmwareDraft";

const device = (name: string): DeviceRef => ({ id: `d-${name}`, kind: "buoy", name });
const group = (name: string, devices: number) => ({ id: `g-${name}`, name, devices }) as Group;
const version = { id: "v", revision: "v2.4.1", subject: "Sleep less" } as Version;
const whole = (of: Partial<Draft> = {}): Draft => ({
  ...emptyDraft(),
  name: "Spring",
  version,
  choice: { devices: [device("PK003")], groups: [group("Harbour", 12)] },
  ...of,
});

const thresholds = { success_percent: 100, error_percent: 20 };

test("usually a few go first, and all must be well before the others follow", () => {
  expect(wishOf(whole())).toEqual({
    name: "Spring",
    version_id: "v",
    stages: [
      { group_ids: ["g-Harbour"], percent: 10, ...thresholds },
      { device_ids: ["d-PK003"], group_ids: ["g-Harbour"], ...thresholds },
    ],
    needs_approval: false,
    call_devices: true,
    job_timeout_s: 86_400,
  });
  expect(STEPS.map((step) => stepFault(step, whole()))).toEqual([null, null, null, null, null]);
});

test("a share of single devices is counted here, each device once", () => {
  const devices = Array.from({ length: 11 }, (_, i) => device(`PK${i}`));
  const [share, rest] = usualStages();
  if (!share || !rest) throw new Error("no stages");
  const stages = [share, { ...share, percent: "50" }, rest];
  const wished = wishOf(whole({ choice: { devices, groups: [] }, stages })).stages.map((stage) => stage.device_ids);
  expect(wished.map((ids) => ids?.length)).toEqual([2, 5, 4]);
  expect(new Set(wished.flat()).size).toBe(11);
});

test("all devices of a kind: whatever else was chosen does not count", () => {
  const choice = { devices: [device("PK003")], groups: [group("Harbour", 12)], all: "buoy" as const };
  expect(wishOf(whole({ choice })).stages).toEqual([
    { kind: "buoy", percent: 10, ...thresholds },
    { kind: "buoy", percent: 100, ...thresholds },
  ]);
  expect(choiceWords(choice)).toBe("all buoys");
  expect(usualName(version, choice)).toBe("v2.4.1 for all buoys");
});

test("a stage of named devices takes them alone, and they are not named again", () => {
  const [first, rest] = usualStages();
  if (!first || !rest) throw new Error("no stages");
  const named = { ...first, take: "named" as const, named: { devices: [device("PK003")], groups: [] } };
  const wish = wishOf(whole({ stages: [named, rest] }));
  expect(wish.stages).toEqual([
    { device_ids: ["d-PK003"], group_ids: [], ...thresholds },
    { device_ids: [], group_ids: ["g-Harbour"], ...thresholds },
  ]);
  expect(stageWords(named)).toBe("PK003");
  expect(stageWords(first)).toBe("10 % of the devices that are left, at least one");
  expect(stageWords(rest)).toBe("All devices that are left");
});

test("a new stage comes before the last one, up to a bound", () => {
  let stages = usualStages();
  for (let i = 0; i < 20; i++) stages = withStage(stages);
  expect(stages).toHaveLength(STAGES_MOST);
  expect(stages.filter(({ take }) => take === "rest")).toEqual([stages.at(-1)]);
});

test("each step says what it lacks", () => {
  expect(STEPS.map((step) => stepFault(step, emptyDraft()))).toEqual([
    "Choose a version.",
    "Choose at least one group or device.",
    null,
    "Give it a name.",
    null,
  ]);
});

test.each([
  [{ percent: "0" }, "The share is a whole number from 1 to 100."],
  [{ percent: "" }, "The share is a whole number from 1 to 100."],
  [{ success: "101" }, "The share that must succeed is a whole number from 0 to 100."],
  [{ error: "2.5" }, "The share at which all stops is a whole number from 0 to 100."],
  [{ take: "named" as const }, "Choose the devices of this stage."],
  [{ success: "0", error: "0", percent: "100" }, null],
])("a stage with %o", (of, fault) => {
  const [first, rest] = usualStages();
  if (!first || !rest) throw new Error("no stages");
  expect(stepFault("stages", whole({ stages: [{ ...first, ...of }, rest] }))).toBe(fault);
});

test("a choice in words", () => {
  const devices = Array.from({ length: 8 }, (_, i) => device(`PK00${i}`));
  expect(choiceWords({ devices, groups: [group("Harbour", 1)] })).toBe(
    "Harbour (1 device), PK000, PK001, PK002, PK003, PK004, PK005, 2 more",
  );
  expect(choiceWords({ devices: [], groups: [] })).toBe("nobody");
});

test("its usual name is the version for the group, or the version's subject", () => {
  expect(usualName(version, { devices: [], groups: [group("Harbour", 2)] })).toBe("v2.4.1 for Harbour");
  expect(usualName(version, { devices: [device("PK001")], groups: [group("Harbour", 2)] })).toBe("Sleep less");
  expect(usualName(null, { devices: [], groups: [] })).toBe("");
});

test("the usual name follows the version and the devices; a name of a person's own stays", () => {
  const named = changed(changed(emptyDraft(), { version }), { choice: { devices: [], groups: [group("Harbour", 2)] } });
  expect(named.name).toBe("v2.4.1 for Harbour");
  const own = changed(named, { name: "Spring" });
  expect(changed(own, { version: { ...version, revision: "v3" } }).name).toBe("Spring");
  expect(changed(named, { name: "" }).name).toBe("");
});

const plan = (devices: [name: string, skipped?: string | null][], files_changed_max = 9): Plan => ({
  stages: [
    {
      devices: devices.map(([name, skipped = null]) => ({
        device: device(name),
        from: null,
        files_changed: 9,
        bytes: 41_000,
        skipped,
      })),
    },
  ],
  devices: devices.length,
  files_changed_max,
  bytes_each_max: 41_000,
  bytes_fetched_each: 486_000,
  warnings: [],
});

test("a dry run in words", () => {
  const twelve = Array.from({ length: 12 }, (_, i): [string] => [`PK${i}`]);
  const has = "It has the version already.";
  const whole = plan([...twelve, ["PK20", has], ["PK21", has], ["PK22", "It is busy."]]);
  expect(planSentence(whole)).toBe("12 devices get it; at most 9 files change, 41 kB each.");
  expect(leftOut(whole).map(leftOutSentence)).toEqual([
    "2 devices are left out: PK20, PK21. It has the version already.",
    "1 device is left out: PK22. It is busy.",
  ]);
  expect(planSentence(plan([["PK1"]], 1))).toBe("1 device gets it; 1 file changes, 41 kB.");
  expect(planSentence(plan([["PK1", has]]))).toBe("No device would get it.");
});

test("a stage that would try it on nobody is warned of, where others would get it", () => {
  const has = "It has this version already.";
  const one = plan([["PK1", has]]);
  expect(planWarnings(one)).toEqual([]);
  const both = { ...one, stages: [...one.stages, ...plan([["PK2"]]).stages], warnings: ["It is unsigned."] };
  expect(planWarnings(both)).toEqual([
    "It is unsigned.",
    expect.stringMatching(/^Everybody in stage 1 would be left out/),
  ]);
});

test("whom a roll-back leaves as they are, by the reason", () => {
  const left_out = ["PK1", "PK2"].map((name) => ({ device: device(name), why: "It was deleted." }));
  left_out.push({ device: device("PK3"), why: "What it had before is not known." });
  expect(notTakenBack({ rollouts: [], left_out })).toEqual([
    "Not taken back: PK1, PK2. It was deleted.",
    "Not taken back: PK3. What it had before is not known.",
  ]);
});

test("many names are not all said", () => {
  const names = Array.from({ length: 30 }, (_, i) => `PK${i}`);
  expect(leftOutSentence({ why: "Busy.", names })).toMatch(/PK7 and 22 more\. Busy\.$/);
});
