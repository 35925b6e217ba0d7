// The registry as the pages tell it: names, modems by what a person types, times, and errors by their fields.
import type { Modem } from "../api/types";
import type { Device, DeviceKind, Knock } from "../registry/apiTypes";
import type { Zone } from "./time";

export const KINDS: readonly DeviceKind[] = ["buoy", "handset", "rockstar"];

export const NAME_MOST = 32;

/** What is wrong with a device's name, or null. An empty one is only not there. */
export function deviceNameFault(name: string): "long" | "start" | "letters" | null {
  if (name === "") return null;
  if (!/^[A-Za-z0-9]/.test(name)) return "start";
  if (!/^[A-Za-z0-9_.-]+$/.test(name)) return "letters";
  return name.length > NAME_MOST ? "long" : null;
}

/** What a device is likely to be, by the beginning of its name. */
export function kindByName(name: string): DeviceKind {
  return /^hs/i.test(name) ? "handset" : "buoy";
}

/** What is meant by what a person typed for a modem. */
export type MeantModem =
  | { is: "none" }
  | { is: "known"; modem: Modem }
  | { is: "taken"; modem: Modem; device: string }
  | { is: "unheard"; imei: string }
  | { is: "bad" };

export function meantModem(text: string, modems: Iterable<Modem>): MeantModem {
  const typed = text.trim();
  if (typed === "") return { is: "none" };
  for (const modem of modems) {
    if (modem.imei !== typed && modem.serial !== typed) continue;
    return modem.device ? { is: "taken", modem, device: modem.device.name } : { is: "known", modem };
  }
  return /^\d{15}$/.test(typed) ? { is: "unheard", imei: typed } : { is: "bad" };
}

/** The fields of a form for a device, in the order of the form. */
export type Field = "name" | "modem" | "serial" | "since" | "groups";

const ABOUT: [Field, RegExp][] = [
  ["since", /\b(since|overlaps?|in the future|new link begins)\b/i],
  ["groups", /\bgroups?\b/i],
  ["modem", /\b(modems?|imei)\b/i],
  ["serial", /\bserial\b/i],
  ["name", /\b(name|named|called|label|iam)\b/i],
];

/** The server's sentences by the field that each is about; what is about none stands at the form. */
export function byField(sentences: readonly string[]): { at: Partial<Record<Field, string>>; rest: string[] } {
  const at: Partial<Record<Field, string>> = {};
  const rest: string[] = [];
  for (const sentence of sentences) {
    const field = ABOUT.find(([, pattern]) => pattern.test(sentence))?.[0];
    if (field === undefined) rest.push(sentence);
    else at[field] = at[field] === undefined ? sentence : `${at[field]} ${sentence}`;
  }
  return { at, rest };
}

/** The moment that a person typed as `2026-05-01 14:20` in a zone; null where it is none, undefined where nothing is. */
export function typedTime(text: string, zone: Zone): string | null | undefined {
  const typed = text.trim();
  if (typed === "") return undefined;
  const parts = /^(\d{4})-(\d\d)-(\d\d)[ T](\d\d):(\d\d)(?::(\d\d))?$/.exec(typed);
  if (parts === null) return null;
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = parts
    .slice(1)
    .map((one) => Number(one ?? 0));
  const utc = Date.UTC(year, month - 1, day, hour, minute, second);
  const back = new Date(utc);
  const exists =
    back.getUTCMonth() === month - 1 && back.getUTCDate() === day && hour < 24 && minute < 60 && second < 60;
  if (!exists) return null;
  // Twice, because the offset is that of the moment that is looked for.
  let at = utc - offset(utc, zone);
  at = utc - offset(at, zone);
  return new Date(at).toISOString();
}

/** How far a zone is ahead of UTC at a moment, in milliseconds. */
function offset(at: number, zone: Zone): number {
  if (zone === "utc") return 0;
  const format = new Intl.DateTimeFormat("en-US", {
    timeZone: zone === "local" ? undefined : zone,
    hourCycle: "h23",
    year: "numeric",
    month: "numeric",
    day: "numeric",
    hour: "numeric",
    minute: "numeric",
    second: "numeric",
  });
  const part = Object.fromEntries(format.formatToParts(at).map(({ type, value }) => [type, Number(value)]));
  const { year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0 } = part;
  return Date.UTC(year, month - 1, day, hour, minute, second) - Math.floor(at / 1000) * 1000;
}

/** A registry's list with a newer word on one device; rows keep their place. */
export function withDevice<P extends { items: Device[] }>(pages: readonly P[], device: Device): P[] | null {
  let found = false;
  const next = pages.map((page) => {
    if (!page.items.some(({ id }) => id === device.id)) return page;
    found = true;
    return { ...page, items: page.items.map((one) => (one.id === device.id ? device : one)) };
  });
  return found ? next : null;
}

/** Who knocked last comes first. */
export function newestKnocks(knocks: readonly Knock[]): Knock[] {
  return [...knocks].sort((a, b) => Date.parse(b.last_at) - Date.parse(a.last_at) || a.name.localeCompare(b.name));
}

/** What a person starts a list of devices from. */
export const TEMPLATE =
  "kind,name,imei,groups\n" +
  "buoy,PK101,300434060000011,Harbour;Spring\n" +
  "buoy,,300434060000022,Harbour\n" +
  "handset,HS101,,\n";

/** Largest list that the server takes, in bytes. */
export const CSV_MOST = 1_048_576;
