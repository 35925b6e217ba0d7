// A roll-out while a person makes it: which devices, in which stages, and what it would do.
import type { Plan, PlannedDevice, RolloutWish, StageWish, Version } from "../firmware/apiTypes";
import type { DeviceRef, Group } from "../registry/apiTypes";
import { t } from "../text/text";
import { size } from "./firmware";

/** Devices chosen one by one, and groups as a whole. */
export interface Choice {
  devices: DeviceRef[];
  groups: Group[];
}

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
  timeoutMinutes: string;
}

export const STAGES_MOST = 10;
export const TIMEOUT_MINUTES = { least: 5, usual: 60, most: 30 * 24 * 60 };

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
  timeoutMinutes: String(TIMEOUT_MINUTES.usual),
});

/** One more stage before the last, which takes all that are left. */
export function withStage(stages: StageDraft[]): StageDraft[] {
  if (stages.length >= STAGES_MOST) return stages;
  return [...stages.slice(0, -1), { ...stage("share"), percent: "25" }, ...stages.slice(-1)];
}

/** A choice in words: `group Harbour (12 devices), PK003 and PK007`. */
export function choiceWords({ devices, groups }: Choice): string {
  const named = groups.map((group) =>
    t("choice.group", { name: group.name, devices: t("devices", { n: group.devices }) }),
  );
  const NAMED = 6;
  named.push(...devices.slice(0, NAMED).map(({ name }) => name));
  if (devices.length > NAMED) named.push(t("choice.more", { n: devices.length - NAMED }));
  return named.length === 0 ? t("choice.none") : named.join(", ");
}

/** At most so many devices: one may be in several groups. */
export function choiceMost({ devices, groups }: Choice): number {
  return groups.reduce((sum, group) => sum + group.devices, devices.length);
}

export const isNobody = ({ devices, groups }: Choice): boolean => devices.length === 0 && groups.length === 0;

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

export function timeoutFault(minutes: string): string | null {
  const { least, most } = TIMEOUT_MINUTES;
  return whole(minutes, least, most) === null ? t("draft.fault_timeout", { least, most }) : null;
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
      return draft.name.trim() === "" ? t("draft.fault_name") : timeoutFault(draft.timeoutMinutes);
    case "plan":
      return null;
  }
}

const ids = (items: { id: string }[]): string[] => items.map(({ id }) => id);

function stageWish(stage: StageDraft, choice: Choice): StageWish {
  const { devices, groups } = stage.take === "named" ? stage.named : choice;
  return {
    device_ids: ids(devices),
    group_ids: ids(groups),
    ...(stage.take === "share" && { percent: Number(stage.percent) }),
    success_percent: Number(stage.success),
    error_percent: Number(stage.error),
  };
}

/** What the server is asked to make of it; only of a draft without faults. */
export function wishOf(draft: Draft): RolloutWish {
  return {
    name: draft.name.trim(),
    version_id: draft.version?.id ?? "",
    stages: draft.stages.map((stage) => stageWish(stage, draft.choice)),
    needs_approval: draft.needsApproval,
    call_devices: draft.call,
    job_timeout_s: Number(draft.timeoutMinutes) * 60,
  };
}

/** The name that a roll-out has until a person gives it another. */
export function usualName(version: Version | null, choice: Choice): string {
  if (version === null) return "";
  const [group] = choice.groups;
  const whom = choice.groups.length === 1 && choice.devices.length === 0 ? (group?.name ?? "") : "";
  return whom === ""
    ? version.subject.slice(0, 60)
    : t("draft.name_for", { revision: version.revision.slice(0, 40), whom });
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

export interface LeftOut {
  why: string;
  names: string[];
}

/** Who is left out, by the reason. */
export function leftOut(plan: Plan): LeftOut[] {
  const byReason = new Map<string, string[]>();
  for (const { device, skipped } of plan.stages.flatMap(({ devices }) => devices)) {
    if (skipped) byReason.set(skipped, [...(byReason.get(skipped) ?? []), device.name]);
  }
  return [...byReason].map(([why, names]) => ({ why, names }));
}

/** `2 devices are left out: PK003, PK007. They have it already.` */
export function leftOutSentence({ why, names }: LeftOut): string {
  const NAMED = 8;
  const shown = names.slice(0, NAMED).join(", ");
  const all = names.length > NAMED ? t("plan.names_more", { names: shown, n: names.length - NAMED }) : shown;
  return t("plan.left_out", { n: names.length, names: all, why });
}
