// Ranges as the address holds them, and times as a wall's clock shows them.
import { expect, test } from "vitest";
import { fromWallTime, rangeBack, rangeIn, wallTime } from "./range";

test("a range is read from the address, and a week where it tells none", () => {
  const read = (text: string) => rangeIn(new URLSearchParams(text));
  expect(read("range=24h").name).toBe("24h");
  expect(read("").name).toBe("7d");
  expect(read("range=custom").name).toBe("7d");
  expect(read("from=yesterday").name).toBe("7d");
  const from = Date.UTC(2026, 4, 1);
  expect(read("range=24h&from=2026-05-01T00:00:00Z")).toEqual({ name: "custom", from, to: null });
});

test("a named range is counted back", () => {
  expect(rangeBack("24h", 86_400_000)).toEqual({ from: 0, to: null });
  expect(rangeBack("all", 86_400_000)).toEqual({ from: null, to: null });
});

test.each([
  ["utc", "2026-05-01T14:20", "2026-05-01T14:20:00Z"],
  ["America/St_Johns", "2026-05-01T14:20", "2026-05-01T16:50:00Z"],
  ["Europe/Berlin", "2026-03-29T03:30", "2026-03-29T01:30:00Z"],
  ["Europe/Berlin", "2026-03-29T01:30", "2026-03-29T00:30:00Z"],
])("%s shows %s at %s", (zone, wall, moment) => {
  expect(fromWallTime(wall, zone)).toBe(Date.parse(moment));
  expect(wallTime(Date.parse(moment), zone)).toBe(wall);
});

test("what is no time is none", () => {
  expect(fromWallTime("", "utc")).toBeNull();
});
