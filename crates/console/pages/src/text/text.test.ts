// How texts are found and filled.
import { expect, test } from "vitest";
import { t, tWord } from "./text";

test("gaps are filled and numbers grouped", () => {
  expect(t("span.hours_minutes", { n: 3, m: "05" })).toBe("3 h 05");
  expect(t("span.days", { n: 12345 })).toBe("12,345 d");
});

test("plurals follow the number", () => {
  expect(t("message.news", { n: 1 })).toBe("1 new message");
  expect(t("message.news", { n: 2 })).toBe("2 new messages");
});

test("an unknown word of the server is shown as it is", () => {
  expect(tWord("status", "power_on")).toBe("First after power-on");
  expect(tWord("status", "half_asleep")).toBe("half asleep");
});
