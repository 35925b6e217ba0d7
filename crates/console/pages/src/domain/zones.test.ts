// Tables for finding a time zone.
import { expect, test } from "vitest";
import { findZones, zoneTitle } from "./zones";

const ZONES = [
  "America/New_York",
  "America/St_Johns",
  "Asia/Karachi",
  "Europe/Rome",
  "Pacific/Auckland",
  "Pacific/Apia",
];

test.each([
  ["rome", ["Europe/Rome"]],
  ["new york", ["America/New_York"]],
  ["St_J", ["America/St_Johns"]],
  ["a", ["Pacific/Auckland", "Pacific/Apia", "America/New_York", "America/St_Johns", "Asia/Karachi"]],
  ["pacific/ap", ["Pacific/Apia"]],
  ["Europe/Kyiv", ["Europe/Kyiv"]],
  ["nowhere", []],
  ["  ", []],
])("%j finds %j", (text, found) => {
  expect(findZones(text, ZONES)).toEqual(found);
});

test("no more are shown than can be looked through", () => {
  expect(findZones("europe", Intl.supportedValuesOf("timeZone"))).toHaveLength(8);
});

test("a zone reads as a name", () => {
  expect(zoneTitle("America/New_York")).toBe("America/New York");
});
