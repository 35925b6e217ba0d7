// Tables for people and tokens.
import { expect, test } from "vitest";
import type { Person } from "../api/types";
import { curl, hasEnded, isLastAdmin, nameFault, standing } from "./people";

const person = (id: string, change: Partial<Person> = {}): Person => ({
  id,
  name: id,
  role: "admin",
  disabled: false,
  has_password: true,
  created_at: "2026-05-01T00:00:00Z",
  last_sign_in_at: null,
  ...change,
});

test.each([
  [{}, "active"],
  [{ has_password: false }, "invited"],
  [{ has_password: false, disabled: true }, "disabled"],
])("with %j a person is %s", (change, word) => {
  expect(standing(person("ada", change))).toBe(word);
});

test.each([
  ["Ada Lovelace", null],
  ["", null],
  ["x".repeat(64), null],
  ["x".repeat(65), "long"],
  ["a\u0007b", "control"],
])("the name %j has the fault %j", (name, fault) => {
  expect(nameFault(name)).toBe(fault);
});

test("the last administrator is one whom no other enabled one stands beside", () => {
  const ada = person("ada");
  expect(isLastAdmin(ada, [ada, person("grace", { disabled: true }), person("marta", { role: "viewer" })])).toBe(true);
  expect(isLastAdmin(ada, [ada, person("grace", { has_password: false })])).toBe(true);
  expect(isLastAdmin(ada, [ada, person("grace")])).toBe(false);
  expect(isLastAdmin(person("marta", { role: "viewer" }), [ada])).toBe(false);
});

test("a token ends at its moment", () => {
  const token = { id: "", name: "", role: "viewer" as const, scopes: [], created_at: "", last_used_at: null };
  const end = "2026-05-01T14:20:00Z";
  expect(hasEnded({ ...token, expires_at: end }, Date.parse(end) - 1)).toBe(false);
  expect(hasEnded({ ...token, expires_at: end }, Date.parse(end))).toBe(true);
  expect(hasEnded({ ...token, expires_at: null }, Date.parse(end))).toBe(false);
});

test("the example asks for what the token may see", () => {
  expect(curl("https://sea.example", ["changes"], "fl_1")).toBe(
    'curl -H "Authorization: Bearer fl_1" https://sea.example/api/v1/feed',
  );
  expect(curl("https://sea.example", [], "fl_1")).toContain("/api/v1/modems");
});
