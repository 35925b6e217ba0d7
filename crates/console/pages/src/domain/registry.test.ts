// Names, modems, times and errors as a person meets them in the registry.
import { expect, test } from "vitest";
import type { Modem } from "../api/types";
import type { Device, Knock } from "../registry/apiTypes";
import { byField, deviceNameFault, kindByName, meantModem, newestKnocks, typedTime, withDevice } from "./registry";

test("a name can stand in an address", () => {
  for (const good of ["", "PK001", "a", "9", "bench-2.b_x", "x".repeat(32)]) expect(deviceNameFault(good)).toBeNull();
  expect(deviceNameFault("-x")).toBe("start");
  expect(deviceNameFault(".git")).toBe("start");
  expect(deviceNameFault("a b")).toBe("letters");
  expect(deviceNameFault("PKü")).toBe("letters");
  expect(deviceNameFault("x".repeat(33))).toBe("long");
  expect([kindByName("HS004"), kindByName("PK1"), kindByName("bench")]).toEqual(["handset", "buoy", "buoy"]);
});

test("a modem is meant by its serial or IMEI, and one in another device is said to be", () => {
  const free = { imei: "300434060000011", serial: "RB0011", device: null } as Modem;
  const taken = { imei: "300434060000022", serial: null, device: { name: "PK002" } } as Modem;
  const modems = [free, taken];
  expect(meantModem(" ", modems)).toEqual({ is: "none" });
  expect(meantModem("RB0011", modems)).toEqual({ is: "known", modem: free });
  expect(meantModem(" 300434060000011 ", modems)).toEqual({ is: "known", modem: free });
  expect(meantModem("300434060000022", modems)).toEqual({ is: "taken", modem: taken, device: "PK002" });
  expect(meantModem("300434060000099", modems)).toEqual({ is: "unheard", imei: "300434060000099" });
  expect(meantModem("30043406", modems)).toEqual({ is: "bad" });
});

test("the server's sentences stand at their fields", () => {
  const { at, rest } = byField([
    "There is a buoy with the name PK001 already.",
    "Several modems have the serial number 1. Name the one by its IMEI.",
    "There is no group Spring. Make it first.",
    "The moon is full.",
  ]);
  expect(at).toEqual({
    name: "There is a buoy with the name PK001 already.",
    modem: "Several modems have the serial number 1. Name the one by its IMEI.",
    groups: "There is no group Spring. Make it first.",
  });
  expect(rest).toEqual(["The moon is full."]);
  expect(
    byField(["The modem was in a device until May. A new link begins then at the earliest."]).at.modem,
  ).toBeUndefined();
  expect(byField(["Bad name.", "The name is taken."]).at.name).toBe("Bad name. The name is taken.");
});

test("a typed time is a moment of the person's zone", () => {
  expect(typedTime("", "utc")).toBeUndefined();
  expect(typedTime("2026-05-01 14:20", "utc")).toBe("2026-05-01T14:20:00.000Z");
  expect(typedTime("2026-05-01 14:20:05", "Europe/Berlin")).toBe("2026-05-01T12:20:05.000Z");
  expect(typedTime("2026-01-01 00:30", "America/Los_Angeles")).toBe("2026-01-01T08:30:00.000Z");
  for (const bad of ["yesterday", "2026-02-30 10:00", "2026-05-01 25:00", "2026-05-01"]) {
    expect(typedTime(bad, "utc"), bad).toBeNull();
  }
});

test("news of a device takes its row's place, and of one that is not listed says so", () => {
  const pages = [{ items: [{ id: "a", name: "A" }] as Device[] }, { items: [{ id: "b", name: "B" }] as Device[] }];
  const next = withDevice(pages, { id: "b", name: "B2" } as Device);
  expect(next?.map(({ items }) => items.map(({ name }) => name))).toEqual([["A"], ["B2"]]);
  expect(next?.[0]).toBe(pages[0]);
  expect(withDevice(pages, { id: "c" } as Device)).toBeNull();
});

test("who knocked last comes first", () => {
  const knock = (name: string, last_at: string) => ({ name, last_at }) as Knock;
  const knocks = [
    knock("b", "2026-05-01T00:00:00Z"),
    knock("c", "2026-05-02T00:00:00Z"),
    knock("a", "2026-05-01T00:00:00Z"),
  ];
  expect(newestKnocks(knocks).map(({ name }) => name)).toEqual(["c", "a", "b"]);
});
