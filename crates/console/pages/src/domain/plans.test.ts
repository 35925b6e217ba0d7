// Budgets and schedules as they are read and filled in.
import { expect, test } from "vitest";
import type { Budget, Schedule } from "../routes/apiTypes";
import {
  budgetFlaws,
  budgetStanding,
  budgetWish,
  daysWords,
  emptyBudget,
  emptySchedule,
  scheduleByField,
  scheduleDraft,
  scheduleFlaws,
  scheduleWish,
  whenWords,
} from "./plans";

test("days are said in few words", () => {
  expect(daysWords(["monday", "tuesday", "wednesday", "thursday", "friday"])).toBe("Monday to Friday");
  expect(daysWords(["sunday", "saturday"])).toBe("Saturday and Sunday");
  expect(daysWords(["friday", "monday"])).toBe("Mon, Fri");
  expect(whenWords({ days: ["friday"], at: "18:30", time_zone: "America/Los_Angeles" })).toBe(
    "Fri, 18:30 America/Los Angeles",
  );
});

test("a schedule that is changed asks for what it was", () => {
  const schedule = {
    name: "Sleep",
    enabled: true,
    audience: { type: "device", id: "d" },
    audience_name: "PK001",
    order: { type: "sleep", seconds: 172_800 },
    days: ["friday"],
    at: "18:30",
    time_zone: "Europe/Rome",
  } as Schedule;
  const { audience_name: _, ...asked } = schedule;
  expect(scheduleFlaws(scheduleDraft(schedule))).toEqual({});
  expect(scheduleWish(scheduleDraft(schedule))).toEqual(asked);
});

test("all that is missing of a schedule is said at once", () => {
  const flaws = scheduleFlaws({ ...emptySchedule("Mars/Olympus"), days: [], at: "25:00" });
  expect(Object.keys(flaws).sort()).toEqual(["at", "audience", "days", "name", "order", "zone"]);
});

test("the server's sentences stand at their fields", () => {
  expect(
    scheduleByField([
      "A schedule has at least one day of the week.",
      "`at` is a time like 06:30, not `x`.",
      "There is no such device or group.",
      "PK006 takes 1 to 1440 minutes.",
    ]),
  ).toEqual({
    days: "A schedule has at least one day of the week.",
    at: "`at` is a time like 06:30, not `x`.",
    audience: "There is no such device or group.",
    order: "PK006 takes 1 to 1440 minutes.",
  });
});

test("a budget takes whole credits, and stands as its spending does", () => {
  expect(Object.keys(budgetFlaws({ ...emptyBudget(""), credits: "1.5", warn: "0" })).sort()).toEqual([
    "credits",
    "scope",
    "warn",
  ]);
  expect(budgetWish({ ...emptyBudget("main"), credits: "1,000" })).toEqual({
    scope: { type: "account", name: "main" },
    period: "month",
    credits: 1000,
    warn_percent: 80,
  });
  const standing = (spent: number, credits: number) => budgetStanding({ spent, credits, warn_percent: 80 } as Budget);
  expect([standing(79, 100), standing(80, 100), standing(100, 100), standing(0, 0)]).toEqual([
    "ok",
    "low",
    "out",
    "out",
  ]);
});
