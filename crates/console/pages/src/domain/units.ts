// Measured values in the units a person chose; the server speaks SI.
import { t } from "../text/text";

export type SpeedUnit = "kn" | "km/h" | "m/s";

const PER_METRE_SECOND: Record<SpeedUnit, number> = { kn: 3600 / 1852, "km/h": 3.6, "m/s": 1 };

/** A speed as a number in a unit. */
export function inUnit(metresPerSecond: number, unit: SpeedUnit): number {
  return metresPerSecond * PER_METRE_SECOND[unit];
}

/** A speed without its unit, one decimal. */
export function speed(metresPerSecond: number, unit: SpeedUnit): string {
  return inUnit(metresPerSecond, unit).toFixed(1);
}

/** `045°`, as a course is spoken. */
export function course(degrees: number): string {
  const whole = ((Math.round(degrees) % 360) + 360) % 360;
  return `${String(whole).padStart(3, "0")}°`;
}

/** A voltage without its unit; 3.7 stays 3.70 so that figures align. */
export function volts(value: number): string {
  return value.toFixed(2);
}

/** `± 8 km`, `± 250 m`. */
export function radius(metres: number): string {
  if (metres < 1000) return t("value.metres", { n: Math.round(metres) });
  const km = metres / 1000;
  return t("value.kilometres", { n: km < 10 ? km.toFixed(1) : Math.round(km) });
}
