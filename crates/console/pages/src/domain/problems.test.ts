// Tables for what may be done about a problem.
import { expect, test } from "vitest";
import type { Problem } from "../api/types";
import { actionsFor, mayTake } from "./problems";

const problem = (extra: Partial<Problem>): Problem =>
  ({ state: "open", kind: "unreadable_text", message_id: null, held_id: null, ...extra }) as Problem;

test.each([
  [{ message_id: "m" }, ["repair", "replay", "discard"]],
  [{ kind: "conflicting_message", message_id: "m" }, ["discard"]],
  [{ kind: "untrusted_push", held_id: "h" }, ["admit", "force", "discard"]],
  [{ kind: "new_modem_limit", held_id: "h" }, ["admit", "force", "discard"]],
  [{ kind: "no_imei", held_id: "h" }, ["discard"]],
  [{ kind: "failed_work" }, ["replay", "discard"]],
  [{ kind: "refused_command", message_id: "m" }, ["replay", "discard"]],
  [{ state: "discarded", message_id: "m" }, []],
] as [Partial<Problem>, string[]][])("%o", (extra, actions) => {
  expect(actionsFor(problem(extra))).toEqual(actions);
});

test("roles", () => {
  expect(mayTake("discard", "viewer")).toBe(false);
  expect(mayTake("admit", "operator")).toBe(true);
  expect(mayTake("force", "operator")).toBe(false);
  expect(mayTake("force", "admin")).toBe(true);
});
