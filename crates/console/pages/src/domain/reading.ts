// What was read from a message, as names and values for a person; what it did not say is left out.
import type { Reading } from "../api/types";
import { t, tWord } from "../text/text";
import { type CoordinateStyle, coordinates } from "./coordinates";
import { exact, span, type Zone } from "./time";
import { course, radius, type SpeedUnit, speed, volts } from "./units";

interface Choices {
  zone: Zone;
  speed: SpeedUnit;
  coordinates: CoordinateStyle;
}

type Line = [name: string, value: string];
const WORDS = ["status", "dialect", "kind"];

/** What the message itself shows, and what is one line with its latitude. */
const ELSEWHERE = [
  "message_id",
  "transmitted_at",
  "momsn",
  "longitude",
  "estimate_latitude",
  "estimate_longitude",
  "estimate_accuracy_m",
];

/** The GPS fix, else the network's estimate. */
function place(reading: Reading, choices: Choices): Line | null {
  const { latitude, longitude, estimate_latitude, estimate_longitude, estimate_accuracy_m } = reading;
  if (latitude !== null && longitude !== null) {
    return [t("device.fix"), coordinates(latitude, longitude, choices.coordinates)];
  }
  if (estimate_latitude === null || estimate_longitude === null) return null;
  const at = coordinates(estimate_latitude, estimate_longitude, choices.coordinates);
  return [t("device.estimate"), estimate_accuracy_m === null ? at : `${at} ${radius(estimate_accuracy_m)}`];
}

function line(name: string, value: unknown, choices: Choices): Line | null {
  const title = tWord("read", name);
  // These two are worth a line only where they are so.
  if (name === "late" || name === "clock_ahead") return value === true ? [title, tWord("read_is", name)] : null;
  if (typeof value === "boolean") return [title, t(value ? "value.yes" : "value.no")];
  if (typeof value === "string") {
    if (WORDS.includes(name)) return [title, tWord(name, value)];
    return [title, name.endsWith("_at") ? exact(value, choices.zone) : value];
  }
  if (typeof value !== "number") return [title, JSON.stringify(value)];
  switch (name) {
    case "speed_m_s":
      return [title, `${speed(value, choices.speed)} ${t(`unit.${choices.speed}`)}`];
    case "course_deg":
      return [title, course(value)];
    case "battery_v":
      return [title, `${volts(value)} V`];
    case "interval_s":
    case "sleep_s":
      return [title, span(value)];
    default:
      return [title, String(value)];
  }
}

/** The lines of a reading, in the order in which the server tells them. */
export function readingLines(reading: Reading, choices: Choices): Line[] {
  return Object.entries(reading).flatMap(([name, value]) => {
    const shown = value !== null && !ELSEWHERE.includes(name);
    const made = name === "latitude" ? place(reading, choices) : shown ? line(name, value, choices) : null;
    return made === null ? [] : [made];
  });
}
