// Tables for the first run.
import { expect, test } from "vitest";
import type { FirstRun } from "../api/types";
import { progress, TEST_IMEI, unreachable } from "./welcome";

const push = (imei: string): FirstRun["last_push"] => ({
  at: "2026-05-01T14:20:00Z",
  imei,
  trust: "unsigned",
  state: "decoded",
  message_id: "1",
});

test.each([
  [false, null, "waiting"],
  [false, push(TEST_IMEI), "tested"],
  [true, push("300434063836590"), "arrived"],
  [false, push("300434063836590"), "arrived"],
  [true, null, "over"],
  [true, push(TEST_IMEI), "over"],
] as const)("done %j after %j is %s", (done, last_push, word) => {
  const rest = { webhook_url: "", require_trust: null, has_secret_path: null, last_held: null, last_refusal: null };
  expect(progress({ ...rest, done, last_push })).toBe(word);
});

test.each([
  ["http://127.0.0.1:8080/rockblock/incoming", "machine"],
  ["http://localhost/rockblock/incoming", "machine"],
  ["http://[::1]:8080/rockblock/incoming", "machine"],
  ["http://192.168.1.20:8080/rockblock/incoming", "network"],
  ["http://172.20.0.3/rockblock/incoming", "network"],
  ["https://buoy.local/rockblock/incoming", "network"],
  ["https://sea.example.org/rockblock/incoming", null],
  ["https://172.32.0.1/rockblock/incoming/…", null],
  ["https://10.example.org/x", null],
])("%s is kept from the provider by %j", (url, why) => {
  expect(unreachable(url)).toBe(why);
});
