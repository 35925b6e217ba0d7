// The time zones a person may choose from, found by a part of their names.
import { isZone } from "./time";

/** As many as can be looked through. */
const FOUND = 8;

const plain = (text: string) => text.toLowerCase().replaceAll("_", " ").replaceAll("/", " ");

/** A zone's name as people read it: `America/St Johns`. */
export function zoneTitle(zone: string): string {
  return zone.replaceAll("_", " ");
}

/** Zones with all these words in their names, those with a city of that beginning first. */
export function findZones(text: string, zones: readonly string[]): string[] {
  const words = plain(text).split(/\s+/).filter(Boolean);
  if (words.length === 0) return [];
  const city = (zone: string) => plain(zone.slice(zone.lastIndexOf("/") + 1)).startsWith(words.join(" "));
  const found = zones.filter((zone) => words.every((word) => plain(zone).includes(word)));
  // Databases differ in which of two names is the older one; what was typed in full counts.
  const typed = text.trim().replaceAll(" ", "_");
  if (found.length === 0 && typed.includes("/") && isZone(typed)) return [typed];
  return found.sort((a, b) => Number(city(b)) - Number(city(a))).slice(0, FOUND);
}
