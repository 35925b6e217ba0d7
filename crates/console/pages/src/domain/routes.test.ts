// Routes as sentences, their flaws, and what is asked for.
import { expect, test } from "vitest";
import type { Route } from "../routes/apiTypes";
import {
  conditionsSentence,
  draftOf,
  emptyCondition,
  emptyDraft,
  flawsByField,
  isFlawless,
  messagesADay,
  plain,
  type RouteDraft,
  routeFits,
  routeFlaws,
  routeSentence,
  targetRefusal,
  typedCorners,
  typedNumber,
  wishOf,
} from "./routes";

const lab = { id: "e", kind: "webhook" as const, name: "Lab" };
const route = {
  name: "Low batteries",
  source: { type: "kind", kind: "buoy" },
  source_name: "every buoy",
  messages: ["position"],
  conditions: [{ type: "battery_below", volts: 3.4 }],
  target: { type: "endpoint", id: "e" },
  target_endpoint: lab,
  target_device: null,
  format: "json",
  enabled: true,
  lives_s: 1800,
} as unknown as Route;

test("a route is a sentence", () => {
  expect(plain(routeSentence(route))).toBe("Positions of all buoys → webhook Lab as JSON");
  expect(conditionsSentence(route.conditions)).toBe("if battery below 3.4 V");
  const handset = { id: "h", kind: "handset" as const, name: "HS001" };
  const told = { ...route, target_endpoint: null, target_device: handset, format: null };
  expect(plain(routeSentence(told))).toBe("Positions of all buoys → HS001 by satellite");
  const all = { ...route, messages: ["position", "command", "text", "other"] as Route["messages"] };
  expect(plain(routeSentence(all))).toBe("All messages of all buoys → webhook Lab as JSON");
});

test("conditions are joined as people say them", () => {
  const circle = { type: "circle" as const, latitude: 37.8, longitude: -122.4, radius_m: 5000 };
  expect(
    conditionsSentence([
      { type: "area", is: "entered", area: circle },
      { type: "trigger", any_of: ["BURST", "ALERT"] },
      { type: "field", field: "status", compares: "absent" },
    ]),
  ).toBe(
    "if it has just entered 5 km around 37.80000, -122.40000, the trigger is BURST or ALERT and status is not told",
  );
  expect(conditionsSentence([])).toBe("");
});

test("a filter looks through all that a route says", () => {
  expect(routeFits(route, "buoys lab")).toBe(true);
  expect(routeFits(route, "LOW 3.4")).toBe(true);
  expect(routeFits(route, "handset")).toBe(false);
});

test("a route that is changed asks for what it was", () => {
  const { name, enabled, source, messages, conditions, target, format } = route;
  expect(wishOf(draftOf(route, null))).toEqual({ name, enabled, source, messages, conditions, target, format });
});

test("all that is missing is said at once", () => {
  const draft: RouteDraft = {
    ...emptyDraft(),
    from: "device",
    messages: [],
    conditions: [emptyCondition("area", 0), emptyCondition("field", 1)],
  };
  const flaws = routeFlaws(draft);
  expect(isFlawless(flaws)).toBe(false);
  expect([flaws.source, flaws.messages, flaws.target].every(Boolean)).toBe(true);
  expect(flaws.conditions.every(Boolean)).toBe(true);
  expect(isFlawless(routeFlaws({ ...emptyDraft(), endpoint: lab }))).toBe(true);
});

test.each([
  [{ from: "kind", fromKind: "buoy", messages: ["position"] }, "buoy", /cannot target/],
  [{ from: "kind", fromKind: "buoy", messages: ["position"] }, "handset", null],
  [{ from: "kind", fromKind: "buoy", messages: ["position", "other"] }, "handset", /positions only/],
  [{ from: "group", messages: ["command"] }, "buoy", null],
  [{ from: "kind", fromKind: "handset", messages: ["command"] }, "buoy", /named devices/],
  [{ from: "any", messages: ["position"] }, "rockstar", /costs credits/],
] as [Partial<RouteDraft>, "buoy" | "handset" | "rockstar", RegExp | null][])("%o to a %s", (part, target, why) => {
  const refusal = targetRefusal({ ...emptyDraft(), ...part }, target);
  if (why === null) expect(refusal).toBeNull();
  else expect(refusal).toMatch(why);
});

test("numbers and corners are taken as people type them", () => {
  expect([typedNumber(" 3,4 "), typedNumber("−12.5"), typedNumber("north")]).toEqual([3.4, -12.5, null]);
  expect(typedCorners("37.8, -122.4\n37.9 -122.4\n\n37.9;-122.5")).toEqual([
    [-122.4, 37.8],
    [-122.4, 37.9],
    [-122.5, 37.9],
  ]);
  expect(typedCorners("91, 0")).toBeNull();
});

test("the server's sentences stand where they belong", () => {
  const { at, conditions, rest } = flawsByField([
    "A route's name has at most 64 characters, none of them a control character.",
    "There is no group 7.",
    "There is no device 7 to deliver to.",
    "There is no device 8 to pass on messages of.",
    "A route names at least one kind of message.",
    "A handset is told positions, and nothing else.",
    "Condition 2: There is no field `speed`.",
    "Route 4 does the same already. Change that one.",
  ]);
  expect(at.name).toMatch(/^A route's name/);
  expect(at.source).toBe("There is no group 7. There is no device 8 to pass on messages of.");
  expect(at.target).toBe("There is no device 7 to deliver to. A handset is told positions, and nothing else.");
  expect(at.messages).toBe("A route names at least one kind of message.");
  expect([...conditions]).toEqual([[1, "There is no field `speed`."]]);
  expect(rest).toEqual(["Route 4 does the same already. Change that one."]);
});

test("a day's messages follow from the rhythms", () => {
  expect(messagesADay([600, 600, 0])).toBe(288);
});
