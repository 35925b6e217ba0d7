// What a device can be told: from what a person fills in to an order, its words, its cost, and whether it needs a second look.
import type { Offer, Order, Role } from "../api/types";
import { t } from "../text/text";

/** What a person can ask for. */
export type OrderKind = Exclude<Order["type"], "position">;

export const ORDER_KINDS: OrderKind[] = ["interval", "sleep", "beacon", "support", "text"];
/** Minutes that people choose. */
export const USUAL_INTERVALS = [5, 10, 15, 30, 60];
export const SLEEP_UNITS = { minutes: 60, hours: 3600, days: 86_400 } as const;
export type SleepUnit = keyof typeof SLEEP_UNITS;

/** Longest text that the provider takes. */
export const TEXT_BYTES = 270;
const CREDIT_BYTES = 50;
const DAY = 86_400;

/** What a person has filled in so far. */
export interface Draft {
  kind: OrderKind;
  on: boolean;
  minutes: string;
  amount: string;
  unit: SleepUnit;
  text: string;
}

export function draftOf(kind: OrderKind, on: boolean): Draft {
  return { kind, on, minutes: "", amount: "", unit: "hours", text: "" };
}

/** What a form for a change begins with. */
export function draftOfOrder(order: Order): Draft {
  const empty = draftOf(order.type === "position" ? "text" : order.type, true);
  switch (order.type) {
    case "beacon":
      return { ...empty, on: order.on };
    case "interval":
      return { ...empty, minutes: String(order.minutes) };
    case "sleep": {
      const units = Object.keys(SLEEP_UNITS) as SleepUnit[];
      const unit = [...units].reverse().find((one) => order.seconds % SLEEP_UNITS[one] === 0) ?? "minutes";
      return { ...empty, unit, amount: String(Math.round((order.seconds / SLEEP_UNITS[unit]) * 1000) / 1000) };
    }
    case "support":
      return empty;
    default:
      return { ...empty, text: order.text };
  }
}

/** Least and greatest number that any device heeds, where it is not known which one is told. */
export const WIDEST: Partial<Record<OrderKind, [number, number]>> = { interval: [1, 1440], sleep: [1, 259_200] };

export function bytesOf(text: string): number {
  return new TextEncoder().encode(text).length;
}

function whole(text: string): number | null {
  return /^\s*\d{1,9}\s*$/.test(text) ? Number(text) : null;
}

/** The order that a draft means, in range or not; nothing where it means none yet. */
export function orderOf(draft: Draft): Order | null {
  const { kind } = draft;
  switch (kind) {
    case "beacon":
      return { type: kind, on: draft.on };
    case "interval": {
      const minutes = whole(draft.minutes);
      return minutes === null ? null : { type: kind, minutes };
    }
    case "sleep": {
      // Half a day is a number too.
      const amount = /^\s*\d{1,6}([.,]\d{1,3})?\s*$/.test(draft.amount) ? Number(draft.amount.replace(",", ".")) : null;
      return amount === null ? null : { type: kind, seconds: Math.round(amount * SLEEP_UNITS[draft.unit]) };
    }
    case "support":
      return { type: kind };
    case "text":
      return draft.text === "" ? null : { type: kind, text: draft.text };
  }
}

/** Why an order cannot be sent as it is, in a sentence; nothing where it can. */
export function faultOf(order: Order, range: Offer["range"]): string | null {
  const [least, most] = range ?? [1, Number.POSITIVE_INFINITY];
  if (order.type === "interval" && (order.minutes < least || order.minutes > most)) {
    return t("order.fault_interval", { least, most });
  }
  if (order.type === "sleep" && (order.seconds < least || order.seconds > most)) {
    return t("order.fault_sleep", { least: exactSpan(least), most: exactSpan(most) });
  }
  if (order.type === "text" && bytesOf(order.text) > TEXT_BYTES) {
    return t("order.fault_text", { n: bytesOf(order.text), most: TEXT_BYTES });
  }
  return null;
}

/** What one sending costs: a credit for each 50 bytes begun; commands are shorter than that. */
export function creditsFor(order: Order): number {
  return order.type === "text" || order.type === "position"
    ? Math.max(1, Math.ceil(bytesOf(order.text) / CREDIT_BYTES))
    : 1;
}

/** Whether it cannot be called back by a second order, so that a person should look twice. */
export function needsSecondStep(order: Order): boolean {
  return order.type === "support" || order.type === "text" || (order.type === "sleep" && order.seconds > DAY);
}

/** A span with nothing left out: `1 d 12 h`, `90 s` is `1 min 30 s`. */
export function exactSpan(seconds: number): string {
  const parts: string[] = [];
  let rest = seconds;
  for (const [size, key] of [
    [DAY, "span.days"],
    [3600, "span.hours"],
    [60, "span.minutes"],
    [1, "span.seconds"],
  ] as const) {
    const n = Math.floor(rest / size);
    rest -= n * size;
    if (n > 0) parts.push(t(key, { n }));
  }
  return parts.length === 0 ? t("span.seconds", { n: 0 }) : parts.join(" ");
}

/** An order in a few words, for lists. */
export function orderWords(order: Order): string {
  switch (order.type) {
    case "beacon":
      return t(order.on ? "order.beacon_on" : "order.beacon_off");
    case "interval":
      return t("order.interval", { span: exactSpan(order.minutes * 60) });
    case "sleep":
      return t("order.sleep", { span: exactSpan(order.seconds) });
    case "support":
      return t("order.support");
    case "text":
      return t("order.text", { text: order.text });
    case "position":
      return t("order.position");
    default:
      return t("order.other");
  }
}

/** What an order does to the device, in a sentence. */
export function effectOf(order: Order): string {
  switch (order.type) {
    case "beacon":
      return t(order.on ? "order.effect.beacon_on" : "order.effect.beacon_off");
    case "interval":
      return t("order.effect.interval", { span: exactSpan(order.minutes * 60) });
    case "sleep":
      return t("order.effect.sleep", { span: exactSpan(order.seconds) });
    case "support":
      return t("order.effect.support");
    case "text":
      return t("order.effect.text");
    case "position":
      return t("order.effect.position");
  }
}

/** Whether a role may tell devices something of a kind. */
export function mayTell(kind: OrderKind, role: Role): boolean {
  return role === "admin" || (role === "operator" && kind !== "text");
}

/** Refusals with all that they refuse, in the order of the kinds: one sentence is said once. */
export function refusals(offers: Offer[]): [sentence: string, kinds: OrderKind[]][] {
  const bySentence = new Map<string, OrderKind[]>();
  for (const kind of ORDER_KINDS) {
    const sentence = offers.find((offer) => offer.kind === kind)?.refusal;
    if (sentence) bySentence.set(sentence, [...(bySentence.get(sentence) ?? []), kind]);
  }
  return [...bySentence];
}
