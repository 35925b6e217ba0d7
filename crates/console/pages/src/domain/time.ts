// Times as people read them: relative first, exact with zone on demand.
import { t } from "../text/text";

/** `utc`, `local` for this browser's zone, or a name of the IANA database. */
export type Zone = string;

const MINUTE = 60;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** A span in one unit, or two where one would be too coarse: `45 s`, `12 min`, `3 h 05`, `4 d`. */
export function span(seconds: number): string {
  const s = Math.max(0, Math.floor(seconds));
  if (s < MINUTE) return t("span.seconds", { n: s });
  if (s < HOUR) return t("span.minutes", { n: Math.floor(s / MINUTE) });
  if (s < 10 * HOUR) {
    const rest = Math.floor((s % HOUR) / MINUTE);
    const h = Math.floor(s / HOUR);
    return rest === 0 ? t("span.hours", { n: h }) : t("span.hours_minutes", { n: h, m: String(rest).padStart(2, "0") });
  }
  if (s < 2 * DAY) return t("span.hours", { n: Math.floor(s / HOUR) });
  return t("span.days", { n: Math.floor(s / DAY) });
}

/** A rhythm as a person says it: 9 min 57 s is 10 min. */
export function rounded(seconds: number): string {
  const step = seconds < 2 * MINUTE ? 1 : seconds < 10 * HOUR ? MINUTE : HOUR;
  return span(Math.round(seconds / step) * step);
}

/** `12 min ago`, `in 3 min`, `now`. */
export function relative(at: string, now: number): string {
  const seconds = (now - Date.parse(at)) / 1000;
  if (Number.isNaN(seconds)) return at;
  if (Math.abs(seconds) < 5) return t("time.now");
  return seconds > 0 ? t("time.ago", { span: span(seconds) }) : t("time.in", { span: span(-seconds) });
}

const formats = new Map<string, Intl.DateTimeFormat>();

/** What this browser calls a zone; one that it does not know is shown as UTC, and named so. */
function timeZone(zone: Zone): string | undefined {
  if (zone === "local") return undefined;
  return zone === "utc" || !isZone(zone) ? "UTC" : zone;
}

function format(zone: Zone, parts: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  const key = `${zone}:${JSON.stringify(parts)}`;
  const known = formats.get(key);
  if (known) return known;
  const made = new Intl.DateTimeFormat("sv-SE", { ...parts, timeZone: timeZone(zone) });
  formats.set(key, made);
  return made;
}

/** Whether this browser knows a zone by this name. */
export function isZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat("en", { timeZone: name });
    return true;
  } catch {
    return false;
  }
}

/** The name of a zone at a moment: `UTC` or `UTC+02:00`. */
export function zoneName(at: number, zone: Zone): string {
  const parts = format(zone, { timeZoneName: "longOffset" }).formatToParts(at);
  const offset = parts.find((part) => part.type === "timeZoneName")?.value ?? "";
  return offset.replace(/^GMT/, "UTC").replace("+00:00", "").replace("-", "−");
}

/** `2026-05-01 14:20:05 UTC`. */
export function exact(at: string | number, zone: Zone): string {
  const ms = typeof at === "number" ? at : Date.parse(at);
  if (Number.isNaN(ms)) return String(at);
  const text = format(zone, { dateStyle: "short", timeStyle: "medium" }).format(ms);
  return `${text} ${zoneName(ms, zone)}`;
}

/** `14:20`, or `2 May 14:20` where it is another day than `now`. */
export function clock(at: string | number, now: number, zone: Zone): string {
  const ms = typeof at === "number" ? at : Date.parse(at);
  if (Number.isNaN(ms)) return String(at);
  const time = format(zone, { hour: "2-digit", minute: "2-digit" }).format(ms);
  const day = format(zone, { dateStyle: "short" });
  return day.format(ms) === day.format(now) ? time : `${day.format(ms)} ${time}`;
}

/** `14:20:05`. */
export function clockSeconds(at: number, zone: Zone): string {
  return format(zone, { timeStyle: "medium" }).format(at);
}
