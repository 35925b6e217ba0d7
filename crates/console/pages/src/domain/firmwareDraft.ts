// A roll-out while a person makes it: which devices, in which stages, and what it would do.
import type { Plan, PlannedDevice, RollBack, RolloutWish, StageWish, Version } from "../firmware/apiTypes";
import type { DeviceRef, Group } from "../registry/apiTypes";
import { t } from "../text/text";
import { revisionName, size } from "./firmware";

/** Devices chosen one by one, and groups as a whole. */
export interface Choice {
  devices: DeviceRef[];
  groups: Group[];
  /** All devices of a kind, in the place of groups and single ones. */
  all?: UpgradedKind;
}

/** The kinds of device that take firmware. */
export const UPGRADED_KINDS = ["buoy", "handset"] as const;
export type UpgradedKind = (typeof UPGRADED_KINDS)[number];

export const takesFirmware = ({ kind }: Pick<DeviceRef, "kind">): boolean => UPGRADED_KINDS.some((one) => one === kind);

export const NOBODY: Choice = { devices: [], groups: [] };

/** Which devices a stage takes: a share of all chosen ones, some by name, or all that are left. */
export type Take = "share" | "named" | "rest";

export interface StageDraft {
  take: Take;
  /** For `share`. */
  percent: string;
  /** For `named`. */
  named: Choice;
  success: string;
  error: string;
}

export interface Draft {
  name: string;
  version: Version | null;
  /** All devices that shall have the version. */
  choice: Choice;
  stages: StageDraft[];
  needsApproval: boolean;
  call: boolean;
  timeoutHours: TimeoutHours;
}

export const STAGES_MOST = 10;
/** How long a device may be silent. One that is not called looks for a version when it next can, so: a day. */
export const TIMEOUT_HOURS = [1, 6, 24, 168, 720] as const;
export type TimeoutHours = (typeof TIMEOUT_HOURS)[number];
const USUAL_HOURS = 24;

const stage = (take: Take): StageDraft => ({ take, percent: "10", named: NOBODY, success: "100", error: "20" });

/** First a few, then all the others. */
export const usualStages = (): StageDraft[] => [stage("share"), stage("rest")];

export const emptyDraft = (): Draft => ({
  name: "",
  version: null,
  choice: NOBODY,
  stages: usualStages(),
  needsApproval: false,
  call: true,
  timeoutHours: USUAL_HOURS,
});

/** One more stage before the last, which takes all that are left. */
export function withStage(stages: StageDraft[]): StageDraft[] {
  if (stages.length >= STAGES_MOST) return stages;
  return [...stages.slice(0, -1), { ...stage("share"), percent: "25" }, ...stages.slice(-1)];
}

/** A choice in words: `group Harbour (12 devices), PK003 and PK007`. */
export function choiceWords({ devices, groups, all }: Choice): string {
  if (all !== undefined) return t(`choice.all.${all}`);
  const named = groups.map((group) =>
    t("choice.group", { name: group.name, devices: t("devices", { n: group.devices }) }),
  );
  const NAMED = 6;
  named.push(...devices.slice(0, NAMED).map(({ name }) => name));
  if (devices.length > NAMED) named.push(t("choice.more", { n: devices.length - NAMED }));
  return named.length === 0 ? t("choice.none") : named.join(", ");
}

export const isNobody = ({ devices, groups, all }: Choice): boolean =>
  all === undefined && devices.length === 0 && groups.length === 0;

/** A whole number of a field, where it is one between these. */
function whole(text: string, least: number, most: number): number | null {
  const value = /^\d+$/.test(text.trim()) ? Number(text) : Number.NaN;
  return value >= least && value <= most ? value : null;
}

/** What is wrong with a stage, in a sentence; null where nothing is. */
export function stageFault(stage: StageDraft): string | null {
  if (stage.take === "share" && whole(stage.percent, 1, 100) === null) return t("draft.fault_percent");
  if (stage.take === "named" && isNobody(stage.named)) return t("draft.fault_named");
  if (whole(stage.success, 0, 100) === null) return t("draft.fault_success");
  if (whole(stage.error, 0, 100) === null) return t("draft.fault_error");
  return null;
}

export const STEPS = ["version", "devices", "stages", "rest", "plan"] as const;
export type Step = (typeof STEPS)[number];

/** What a step of the form still lacks; null where nothing. */
export function stepFault(step: Step, draft: Draft): string | null {
  switch (step) {
    case "version":
      return draft.version === null ? t("draft.fault_version") : null;
    case "devices":
      return isNobody(draft.choice) ? t("draft.fault_nobody") : null;
    case "stages":
      return draft.stages.map(stageFault).find((fault) => fault !== null) ?? null;
    case "rest":
      return draft.name.trim() === "" ? t("draft.fault_name") : null;
    case "plan":
      return null;
  }
}

const ids = (items: { id: string }[]): string[] => items.map(({ id }) => id);

/** What a stage takes: a share is one of the groups or the kind, whose devices the server knows, else of single ones. */
function taken(stage: StageDraft, { groups, all }: Choice, single: DeviceRef[]): Partial<StageWish> {
  if (stage.take === "named") return { device_ids: ids(stage.named.devices), group_ids: ids(stage.named.groups) };
  const percent = stage.take === "share" ? Number(stage.percent) : 100;
  if (all !== undefined) return { kind: all, percent };
  if (stage.take === "rest") return { device_ids: ids(single), group_ids: ids(groups) };
  if (groups.length > 0) return { group_ids: ids(groups), percent };
  return { device_ids: ids(single.slice(0, Math.ceil((single.length * percent) / 100))) };
}

/** What the server is asked to make of it; only of a draft without faults. */
export function wishOf(draft: Draft): RolloutWish {
  let single = draft.choice.all === undefined ? draft.choice.devices : [];
  const stages = draft.stages.map((stage) => {
    const wish = taken(stage, draft.choice, single);
    single = single.filter(({ id }) => !wish.device_ids?.includes(id));
    return { ...wish, success_percent: Number(stage.success), error_percent: Number(stage.error) };
  });
  return {
    name: draft.name.trim(),
    version_id: draft.version?.id ?? "",
    stages,
    needs_approval: draft.needsApproval,
    call_devices: draft.call,
    job_timeout_s: draft.timeoutHours * 3600,
  };
}

/** The name that a roll-out has until a person gives it another. */
export function usualName(version: Version | null, choice: Choice): string {
  if (version === null) return "";
  const [group] = choice.groups;
  const oneGroup = choice.groups.length === 1 && choice.devices.length === 0 ? (group?.name ?? "") : "";
  const whom = choice.all === undefined ? oneGroup : choiceWords(choice);
  return whom === ""
    ? version.subject.slice(0, 60)
    : t("draft.name_for", { revision: revisionName(version.revision).slice(0, 40), whom });
}

/** The draft after a change; its usual name goes with what it is named after, one that a person wrote stays. */
export function changed(draft: Draft, change: Partial<Draft>): Draft {
  const next = { ...draft, ...change };
  const wasUsual = draft.name === usualName(draft.version, draft.choice);
  return wasUsual && change.name === undefined ? { ...next, name: usualName(next.version, next.choice) } : next;
}

/** How a stage reads. */
export function stageWords(stage: StageDraft): string {
  if (stage.take === "named") return choiceWords(stage.named);
  if (stage.take === "rest") return t("stage.takes_rest");
  return t("stage.takes_share", { percent: stage.percent });
}

export const takes = (device: PlannedDevice): boolean => !device.skipped;

/** What it would do, in a sentence: `12 devices get it; at most 9 files change, 41 kB each.` */
export function planSentence(plan: Plan): string {
  const n = plan.stages.flatMap(({ devices }) => devices).filter(takes).length;
  if (n === 0) return t("plan.nobody");
  const files = t("files_change", { n: plan.files_changed_max });
  const each = size(plan.bytes_each_max);
  return t(n === 1 ? "plan.one" : "plan.many", { devices: t("devices", { n }), files, each });
}

/** What a person should know before: what the server says, and stages that would try it on nobody before others get it. */
export function planWarnings(plan: Plan): string[] {
  const idle = plan.stages.flatMap(({ devices }, i) => (devices.length > 0 && !devices.some(takes) ? [i + 1] : []));
  const others = plan.stages.some(({ devices }) => devices.some(takes));
  return [...plan.warnings, ...(others ? idle.map((n) => t("plan.idle_stage", { n })) : [])];
}

export interface LeftOut {
  why: string;
  names: string[];
}

function byReason(all: { device: DeviceRef; why: string | null | undefined }[]): LeftOut[] {
  const reasons = new Map<string, string[]>();
  for (const { device, why } of all) {
    if (!why) continue;
    const names = reasons.get(why) ?? [];
    names.push(device.name);
    reasons.set(why, names);
  }
  return [...reasons].map(([why, names]) => ({ why, names }));
}

/** Who is left out, by the reason. */
export function leftOut(plan: Plan): LeftOut[] {
  const all = plan.stages.flatMap(({ devices }) => devices);
  return byReason(all.map(({ device, skipped }) => ({ device, why: skipped })));
}

function someNames(names: string[]): string {
  const NAMED = 8;
  const shown = names.slice(0, NAMED).join(", ");
  return names.length > NAMED ? t("plan.names_more", { names: shown, n: names.length - NAMED }) : shown;
}

/** `2 devices are left out: PK003, PK007. They have it already.` */
export function leftOutSentence({ why, names }: LeftOut): string {
  return t("plan.left_out", { n: names.length, names: someNames(names), why });
}

/** Whom a roll-back leaves as they are, by the reason, a sentence each. */
export function notTakenBack({ left_out }: RollBack): string[] {
  return byReason(left_out).map(({ why, names }) => t("rollout.back_left", { names: someNames(names), why }));
}
