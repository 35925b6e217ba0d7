// Tables for the fleet's list.
import { expect, test } from "vitest";
import type { Modem } from "../api/types";
import { filterRows, fleetCounts, fleetRows, heldOrder, imeiTail, nameOf } from "./fleet";

const now = Date.parse("2026-05-01T12:00:00Z");
const modem = (id: string, late: string | null, extra: Partial<Modem> = {}): Modem =>
  ({
    id,
    imei: `30043406000000${id}`,
    serial: `Buoy ${id}`,
    last_seen_at: late === null ? null : "2026-05-01T11:00:00Z",
    late_at: late,
    silent_at: late === "2026-05-01T11:10:00Z" ? "2026-05-01T11:20:00Z" : null,
    open_problems: 0,
    dialect: null,
    status: null,
    ...extra,
  }) as Modem;

const fleet = [
  modem("4", "2026-05-01T13:00:00Z"),
  modem("10", "2026-05-01T13:00:00Z", { open_problems: 2 }),
  modem("9", null),
  modem("2", "2026-05-01T11:30:00Z"),
  modem("1", "2026-05-01T11:10:00Z"),
  modem("3", "2026-05-01T13:00:00Z", { serial: null }),
];
const ids = (rows: { modem: Modem }[]) => rows.map((r) => r.modem.id);

test("what needs a person comes first", () => {
  expect(ids(fleetRows(fleet, now))).toEqual(["1", "2", "10", "3", "4", "9"]);
});

test("counts and filters agree", () => {
  const rows = fleetRows(fleet, now);
  const counts = fleetCounts(rows);
  expect(counts).toEqual({ all: 6, silent: 1, late: 1, ok: 3, never: 1, problem: 1 });
  for (const filter of ["all", "silent", "late", "ok", "never", "problem"] as const) {
    expect(filterRows(rows, "", filter)).toHaveLength(counts[filter]);
  }
});

test("a search finds serial and IMEI, every word of it", () => {
  const rows = fleetRows(fleet, now);
  expect(ids(filterRows(rows, "buoy 10", "all"))).toEqual(["10"]);
  expect(ids(filterRows(rows, "3004340600000010", "all"))).toEqual(["10"]);
  expect(filterRows(rows, "nothing", "all")).toEqual([]);
});

test("rows keep their place while pointed at", () => {
  const rows = fleetRows(fleet, now);
  expect(ids(heldOrder(["9", "4", "1", "2", "3"], rows))).toEqual(["9", "4", "1", "2", "3", "10"]);
});

test("a row is the same until its device or its state changes", () => {
  const before = fleetRows(fleet, now);
  expect(fleetRows(fleet, now).every((row, i) => row === before[i])).toBe(true);
  // 4 has spoken, and by then 10 is late.
  const later = fleetRows([{ ...fleet[0], momsn: 9 } as Modem, ...fleet.slice(1)], Date.parse("2026-05-01T13:30:00Z"));
  const same = (id: string) => later.some((row) => row.modem.id === id && before.includes(row));
  expect([same("1"), same("4"), same("10")]).toEqual([true, false, false]);
});

test("the order so far leads to the same order, without those that are gone", () => {
  const before = fleetRows(fleet, now).reverse();
  const left = fleet.filter(({ id }) => id !== "2");
  expect(ids(fleetRows(left, now, before))).toEqual(["1", "10", "3", "4", "9"]);
});

test("a device is called by its name in the registry, then by its modem's serial, then by its IMEI", () => {
  const modem = { imei: "300434060001001", serial: "RB001", device: { id: "d", kind: "buoy", name: "PK001" } } as const;
  expect(nameOf(modem)).toBe("PK001");
  expect(nameOf({ ...modem, device: null })).toBe("RB001");
  expect(nameOf({ imei: modem.imei, serial: null, device: null })).toBe(modem.imei);
  expect(imeiTail(modem.imei)).toBe("…001001");
});
