// What was read from a message, as names and values for a person; what it did not say is left out.
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

function isPlace(value: unknown): value is { latitude: number; longitude: number; accuracy_m: number | null } {
  return typeof value === "object" && value !== null && "latitude" in value && "longitude" in value;
}

function line(name: string, value: unknown, choices: Choices): Line | null {
  if (isPlace(value)) {
    const at = coordinates(value.latitude, value.longitude, choices.coordinates);
    return value.accuracy_m === null
      ? [t("device.fix"), at]
      : [t("device.estimate"), `${at} ${radius(value.accuracy_m)}`];
  }
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
export function readingLines(reading: Record<string, unknown>, choices: Choices): Line[] {
  return Object.entries(reading).flatMap(([name, value]) => {
    const made = value === null ? null : line(name, value, choices);
    return made === null ? [] : [made];
  });
}
