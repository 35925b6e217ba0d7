// What the system's view makes of reports.
import { expect, test } from "vitest";
import type { Check, Service, System } from "../api/soon/system";
import { attention, size } from "./system";

const NOW = "2026-05-01T14:20:00Z";
const good = (name: string): Check => ({ name, ok: true, essential: true, reason: "It answers.", advice: null });
const bad = (name: string, reason: string, change: Partial<Check> = {}): Check => ({
  ...good(name),
  ok: false,
  reason,
  ...change,
});
const service = (name: string, change: Partial<Service> = {}): Service => ({
  process: `${name}@sea:8081`,
  services: [name],
  version: "0.1.0",
  started_at: NOW,
  seen_at: NOW,
  silent: false,
  ready: true,
  checks: [good("store")],
  findings: [good("disk")],
  ...change,
});
const FIVE = ["intake", "tracker", "courier", "hub", "console"].map((name) => service(name));
const system = (change: Partial<System> = {}): System => ({
  version: "0.1.0",
  now: NOW,
  speed: 1,
  store: { kind: "mysql", reachable: true, schema: "b", wanted_schema: "b", size_bytes: null },
  bus: { kind: "rabbitmq", reachable: true, reason: null },
  queues: [],
  checks: [],
  counts: null,
  services: FIVE,
  ...change,
});
const said = (change: Partial<System>) => attention(system(change)).map(({ what }) => what);

test("five processes that are well need nobody", () => {
  expect(attention(system())).toEqual([]);
});

test("all services in one process are none missing", () => {
  const one = service("fairlead", { services: ["intake", "tracker", "courier", "hub", "console"] });
  expect(said({ services: [one] })).toEqual([]);
});

test("a service that no process has is missed, by what it does", () => {
  expect(said({ services: FIVE.slice(1) })).toEqual([
    "No intake runs: the provider's pushes are not taken, and it tries again for some time.",
  ]);
});

test("a silent process is told with its unit, and its old checks are not", () => {
  const tracker = service("tracker", {
    silent: true,
    seen_at: "2026-05-01T14:16:00Z",
    checks: [bad("disk", "Only 3 MB are free.")],
  });
  const found = attention(system({ services: [...FIVE.filter((one) => one.services[0] !== "tracker"), tracker] }));
  expect(found.map(({ what }) => what)).toEqual(["tracker@sea:8081 was last heard 4 min ago."]);
  expect(found[0]?.advice).toContain("fairlead-tracker");
});

test("silence is measured in real time where the clock runs faster", () => {
  const hub = service("hub", { silent: true, seen_at: "2026-05-01T13:20:00Z" });
  const services = [...FIVE.filter((one) => one.services[0] !== "hub"), hub];
  expect(said({ services, speed: 60 })).toEqual(["hub@sea:8081 was last heard 1 min ago."]);
});

test("a process that takes no work says so only where no check says why", () => {
  const idle = service("hub", { ready: false });
  const reasoned = service("hub", { ready: false, checks: [bad("port", "The port is taken.")] });
  const rest = FIVE.filter((one) => one.services[0] !== "hub");
  expect(said({ services: [...rest, idle] })).toEqual(["hub@sea:8081 takes no work."]);
  expect(said({ services: [...rest, reasoned] })).toEqual(["The port is taken."]);
});

test("what several processes say is said once, with all of them", () => {
  const full = bad("disk", "Only 312 MB are free.", { advice: "Make room.", essential: false });
  const services = FIVE.map((one, i) => (i < 2 ? { ...one, findings: [full] } : one));
  expect(attention(system({ services }))).toEqual([
    {
      grave: false,
      check: "disk",
      what: full.reason,
      advice: "Make room.",
      where: ["intake@sea:8081", "tracker@sea:8081"],
    },
  ]);
});

test("a store that is away is said once, first, and without reports the own checks still count", () => {
  const store = { kind: "mysql", reachable: false, schema: null, wanted_schema: null, size_bytes: null };
  const checks = [bad("store", "It does not answer.", { essential: false }), bad("journal", "Nothing is accepted.")];
  expect(said({ store, services: [], checks })).toEqual(["The store does not answer.", "Nothing is accepted."]);
});

test("an older schema names the command", () => {
  const store = { kind: "mysql", reachable: true, schema: "a", wanted_schema: "b", size_bytes: null };
  expect(attention(system({ store }))[0]?.advice).toBe("Run `fairlead migrate`.");
});

test("work that waits for long is stuck, by the real clock", () => {
  const queue = { name: "mo.stored", waiting: 4, on_broker: null };
  expect(said({ queues: [{ ...queue, oldest_age_s: 300 }] })).toEqual([]);
  expect(said({ queues: [{ ...queue, oldest_age_s: 600 }] })).toEqual([
    "Work has waited for 10 min in the queue `mo.stored`.",
  ]);
  expect(said({ queues: [{ ...queue, oldest_age_s: 600 }], speed: 60 })).toEqual([]);
});

test.each([
  [500, "1 kB"],
  [734_003_200, "734 MB"],
  [12_340_000_000, "12.3 GB"],
])("%s bytes are %s", (bytes, text) => {
  expect(size(bytes)).toBe(text);
});
