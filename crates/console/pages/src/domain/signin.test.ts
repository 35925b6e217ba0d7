// Tables for signing in.
import { expect, test } from "vitest";
import { safeNext, tokenIn } from "./signin";

test.each([
  ["http://localhost:8080/sign-in#abc", "abc"],
  ["#abc", "abc"],
  ["  abc\n", "abc"],
  ["", ""],
])("the token in %j", (text, token) => {
  expect(tokenIn(text)).toBe(token);
});

test.each([
  ["/messages?state=problem", "/messages?state=problem"],
  ["//elsewhere.example", "/"],
  ["/\\elsewhere.example", "/"],
  ["https://elsewhere.example", "/"],
  [null, "/"],
])("after a sign-in, %j leads to %j", (next, path) => {
  expect(safeNext(next)).toBe(path);
});
