// A table of passwords.
import { expect, test } from "vitest";
import { keepsRule, strength } from "./password";

test.each([
  ["", "empty"],
  ["short", "short"],
  ["eleven char", "short"],
  ["x".repeat(201), "long"],
  ["Marta Of The Sea", "name"],
  ["aaaaaaaaaaaaaaaa", "guessable"],
  ["123456789012345", "guessable"],
  ["passwordpassword1", "guessable"],
  ["marta of the sea1", "guessable"],
  ["abababababababab", "guessable"],
  ["waterwater12", "guessable"],
  ["tide7Gauge.NW", "fair"],
  ["correct horse battery staple", "strong"],
  ["волна-камень-якорь-рында", "strong"],
])("%j is %s", (password, word) => {
  expect(strength(password, "marta of the sea")).toBe(word);
});

test("a weak one is told, and still a person's own choice", () => {
  expect(keepsRule("guessable")).toBe(true);
  expect(keepsRule("name")).toBe(false);
});
