// Tables for the audit log.
import { expect, test } from "vitest";
import { nameIn, placeOf } from "./audit";

test.each([
  ["modem 0198-1", "/?device=0198-1"],
  ["message 0198-2", "/messages?message=0198-2"],
  ["outgoing 0198-3", "/outgoing?mt=0198-3"],
  ["account main", "/outgoing"],
  ["device 0198-4", "/devices?open=0198-4"],
  ["group 0198-4", "/devices?show=groups&open=0198-4"],
  ["registration", "/devices?show=arrivals"],
  ["knock PK007", "/devices?show=arrivals"],
  ["rollout 0198-5", "/firmware?open=0198-5"],
  ["upgrade 0198-6", "/firmware?show=upgrades&open=0198-6"],
  ["firmware version 0198-7", "/firmware?show=versions&open=0198-7"],
  ["firmware source buoy", "/firmware?show=sources"],
  ["session", null],
  ["token my first one", null],
])("%s is seen at %s", (subject, place) => {
  expect(placeOf(subject)).toBe(place);
});

test.each([
  ["person Ada of the Sea", "Ada of the Sea"],
  ["token notebook", "notebook"],
  ["knock PK007", "PK007"],
  ["firmware source buoy", "buoy"],
  ["problem 0198-4", null],
  ["session", null],
])("%s is about %j", (subject, name) => {
  expect(nameIn(subject)).toBe(name);
});
