// Times as people read them: relative first, exact with zone on demand.
import { t } from "../text/text";

export type Zone = "utc" | "local";

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

function format(zone: Zone, parts: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  const key = `${zone}:${JSON.stringify(parts)}`;
  const known = formats.get(key);
  if (known) return known;
  const made = new Intl.DateTimeFormat("sv-SE", { ...parts, timeZone: zone === "utc" ? "UTC" : undefined });
  formats.set(key, made);
  return made;
}

/** The name of a zone at a moment: `UTC` or `UTC+02:00`. */
export function zoneName(at: number, zone: Zone): string {
  if (zone === "utc") return "UTC";
  const minutes = -new Date(at).getTimezoneOffset();
  if (minutes === 0) return "UTC";
  const sign = minutes < 0 ? "−" : "+";
  const hours = String(Math.floor(Math.abs(minutes) / 60)).padStart(2, "0");
  return `UTC${sign}${hours}:${String(Math.abs(minutes) % 60).padStart(2, "0")}`;
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
