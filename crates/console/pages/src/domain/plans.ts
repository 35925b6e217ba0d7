// Budgets and schedules as people fill them in and read them.

import type { DeviceRef } from "../registry/apiTypes";
import type {
  Audience,
  Budget,
  BudgetPeriod,
  BudgetScope,
  NewBudget,
  NewSchedule,
  Schedule,
  Weekday,
} from "../routes/apiTypes";
import { t } from "../text/text";
import { type Draft, draftOf, draftOfOrder, faultOf, orderOf, WIDEST } from "./orders";
import { isZone } from "./time";

export const DAYS: readonly Weekday[] = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];

/** Days in a few words. */
export function daysWords(days: readonly Weekday[]): string {
  const marks = DAYS.map((day) => (days.includes(day) ? "1" : "0")).join("");
  if (marks === "1111111") return t("schedule.every_day");
  if (marks === "1111100") return t("schedule.weekdays");
  if (marks === "0000011") return t("schedule.weekend");
  return DAYS.filter((day) => days.includes(day))
    .map((day) => t(`schedule.day.${day}`))
    .join(", ");
}

export const whenWords = ({ days, at, time_zone: zone }: Pick<Schedule, "days" | "at" | "time_zone">) =>
  t("schedule.time", { days: daysWords(days), at, zone: zone.replaceAll("_", " ") });

export function whoWords({ audience, audience_name: name }: Pick<Schedule, "audience" | "audience_name">): string {
  return audience.type === "group" ? t("schedule.of_group", { name }) : name;
}

export interface ScheduleDraft {
  name: string;
  enabled: boolean;
  for: Audience["type"];
  group: string;
  device: DeviceRef | null;
  order: Draft;
  days: Weekday[];
  at: string;
  zone: string;
}

export const emptySchedule = (zone: string): ScheduleDraft => ({
  name: "",
  enabled: true,
  for: "group",
  group: "",
  device: null,
  order: draftOf("interval", true),
  days: [...DAYS],
  at: "06:00",
  zone,
});

export function scheduleDraft(schedule: Schedule): ScheduleDraft {
  const { audience, audience_name: name, days, at } = schedule;
  return {
    name: schedule.name,
    enabled: schedule.enabled,
    for: audience.type,
    group: audience.type === "group" ? audience.id : "",
    device: audience.type === "device" ? { id: audience.id, name, kind: "buoy" } : null,
    order: draftOfOrder(schedule.order),
    days,
    at,
    zone: schedule.time_zone,
  };
}

export type ScheduleField = "name" | "audience" | "order" | "days" | "at" | "zone";

/** Everything that is wrong with a draft, by its field, at once. */
export function scheduleFlaws(draft: ScheduleDraft): Partial<Record<ScheduleField, string>> {
  const flaws: Partial<Record<ScheduleField, string>> = {};
  const name = Array.from(draft.name.trim()).length;
  if (name === 0 || name > 64) flaws.name = t("schedule.fault_name");
  if (draft.for === "group" && draft.group === "") flaws.audience = t("schedule.fault_group");
  if (draft.for === "device" && draft.device === null) flaws.audience = t("schedule.fault_device");
  const order = orderOf(draft.order);
  const fault = order === null ? t("schedule.fault_order") : faultOf(order, WIDEST[draft.order.kind] ?? null);
  if (fault !== null) flaws.order = fault;
  if (draft.days.length === 0) flaws.days = t("schedule.fault_days");
  if (!/^([01]\d|2[0-3]):[0-5]\d$/.test(draft.at)) flaws.at = t("schedule.fault_at");
  if (!isZone(draft.zone.trim())) flaws.zone = t("schedule.fault_zone");
  return flaws;
}

/** What the server is asked for; only of a draft without flaws. */
export function scheduleWish(draft: ScheduleDraft): NewSchedule {
  const id = draft.for === "group" ? draft.group : (draft.device?.id ?? "");
  return {
    name: draft.name.trim(),
    enabled: draft.enabled,
    audience: { type: draft.for, id },
    order: orderOf(draft.order) ?? { type: "support" },
    days: DAYS.filter((day) => draft.days.includes(day)),
    at: draft.at,
    time_zone: draft.zone.trim(),
  };
}

/** A schedule as it is asked for, to be switched on or off. */
export function asWished({ name, audience, order, days, at, time_zone }: Schedule, enabled: boolean): NewSchedule {
  return { name, enabled, audience, order, days, at, time_zone };
}

const SCHEDULE_ABOUT: [ScheduleField, RegExp][] = [
  ["zone", /\b(zone)\b/i],
  ["days", /\bdays?\b/i],
  ["at", /(`at`|\btime like\b)/i],
  ["audience", /\b(device or group|no such (device|group))\b/i],
  ["name", /\bname\b/i],
];

/** The server's sentences by the field that each is about; what is about none is about the order. */
export function scheduleByField(sentences: readonly string[]): Partial<Record<ScheduleField, string>> {
  const at: Partial<Record<ScheduleField, string>> = {};
  for (const sentence of sentences) {
    const field = SCHEDULE_ABOUT.find(([, pattern]) => pattern.test(sentence))?.[0] ?? "order";
    at[field] = at[field] === undefined ? sentence : `${at[field]} ${sentence}`;
  }
  return at;
}

export interface BudgetDraft {
  scope: BudgetScope["type"];
  account: string;
  group: string;
  device: DeviceRef | null;
  period: BudgetPeriod;
  credits: string;
  warn: string;
}

export const emptyBudget = (account: string): BudgetDraft => ({
  scope: "account",
  account,
  group: "",
  device: null,
  period: "month",
  credits: "",
  warn: "80",
});

export function budgetDraft({ scope, scope_name: name, period, credits, warn_percent }: Budget): BudgetDraft {
  return {
    scope: scope.type,
    account: scope.type === "account" ? scope.name : "",
    group: scope.type === "group" ? scope.id : "",
    device: scope.type === "device" ? { id: scope.id, name, kind: "buoy" } : null,
    period,
    credits: String(credits),
    warn: String(warn_percent),
  };
}

const whole = (text: string, least: number, most: number): number | null => {
  const typed = text.replace(/[\s,]/g, "");
  const value = /^\d{1,10}$/.test(typed) ? Number(typed) : null;
  return value === null || value < least || value > most ? null : value;
};

const CREDITS_MOST = 1_000_000_000;

export type BudgetField = "scope" | "credits" | "warn";

export function budgetFlaws(draft: BudgetDraft): Partial<Record<BudgetField, string>> {
  const flaws: Partial<Record<BudgetField, string>> = {};
  if (draft.scope === "account" && draft.account === "") flaws.scope = t("budget.fault_account");
  if (draft.scope === "group" && draft.group === "") flaws.scope = t("schedule.fault_group");
  if (draft.scope === "device" && draft.device === null) flaws.scope = t("schedule.fault_device");
  if (whole(draft.credits, 0, CREDITS_MOST) === null) flaws.credits = t("budget.fault_credits");
  if (whole(draft.warn, 1, 100) === null) flaws.warn = t("budget.fault_warn");
  return flaws;
}

export function budgetWish(draft: BudgetDraft): NewBudget {
  const scope: BudgetScope =
    draft.scope === "account"
      ? { type: "account", name: draft.account }
      : { type: draft.scope, id: draft.scope === "group" ? draft.group : (draft.device?.id ?? "") };
  return {
    scope,
    period: draft.period,
    credits: whole(draft.credits, 0, CREDITS_MOST) ?? 0,
    warn_percent: whole(draft.warn, 1, 100) ?? 80,
  };
}

const BUDGET_ABOUT: [BudgetField, RegExp][] = [
  ["warn", /warn_percent/i],
  ["scope", /\b(account|group|device|already)\b/i],
  ["credits", /\bcredits\b/i],
];

export function budgetByField(sentences: readonly string[]): Partial<Record<BudgetField, string>> {
  const at: Partial<Record<BudgetField, string>> = {};
  for (const sentence of sentences) {
    const field = BUDGET_ABOUT.find(([, pattern]) => pattern.test(sentence))?.[0] ?? "credits";
    at[field] = at[field] === undefined ? sentence : `${at[field]} ${sentence}`;
  }
  return at;
}

export type BudgetStanding = "ok" | "low" | "out";

export function budgetStanding({ spent, credits, warn_percent: warn }: Budget): BudgetStanding {
  if (spent >= credits) return "out";
  return spent * 100 >= credits * warn ? "low" : "ok";
}
