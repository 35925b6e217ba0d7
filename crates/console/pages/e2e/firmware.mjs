// Firmware: a roll-out that moves, stops by itself and is gone on with; its repository and versions; one single upgrade.
import assert from "node:assert/strict";
import { ON_BENCH } from "./bench.mjs";
import { mustFit, options, tab } from "./page.mjs";

/** The demo's roll-out, the device that says that it failed, one that does not, and the version. */
const ROLLOUT = "v3.1.1 for the workshop";
const BAD = "PK015";
const WELL = "PK012";
const VERSION = "v3.1.1";

/** A device fetches for about half a minute; the roll-out begins 15 s after the invitation and stops in its second stage. */
const STOPS_WITHIN_MS = 180_000;
const BEGINS_WITHIN_MS = 60_000;

const REASON = "PK015 is being looked at; the others are well.";

const devices = (page) => options(page, "Devices of the roll-out");

/** Soon after the invitation: later it has stopped. */
export async function rolloutMoves(browser, page, step) {
  await step("the roll-out begins, and moves by itself", async () => {
    await tab(page, "Firmware");
    await options(page, "Roll-outs").filter({ hasText: ROLLOUT }).click();
    await page.getByRole("heading", { name: ROLLOUT }).waitFor();
    await page.getByText(/^Stage \d of 3 is under way/).waitFor({ timeout: BEGINS_WITHIN_MS });
    await moves(devices(page).getByRole("progressbar").first());
    await browser.mustBeAccessible(page);
    await tab(page, "Fleet");
  });
}

/** Needs a session that may upgrade devices. */
export async function firmware(browser, page, step) {
  const base = new URL(page.url()).origin;

  await step("the repository's copy is well, and is fetched anew", async () => {
    await page.goto(`${base}/firmware?show=sources`);
    const source = page.getByRole("article", { name: "scout" });
    await source.getByText(/^Fetched /).waitFor();
    await source.getByText("Not required: a version without one is shown as unsigned").waitFor();
    const fetched = /\d{4}-\d\d-\d\d \d\d:\d\d:\d\d/;
    const [before] = fetched.exec(await source.innerText()) ?? [];
    assert.ok(before, "it is not said when it was fetched");
    await source.getByRole("button", { name: "Fetch now" }).click();
    await page.waitForFunction((was) => !document.querySelector("article")?.innerText.includes(was), before);
    await browser.mustBeAccessible(page);
  });

  await step("a version tells its signature, its commit and its files", async () => {
    await page.goto(`${base}/firmware?show=versions`);
    const version = options(page, "Versions").filter({ hasText: VERSION });
    await version.getByText("Ready", { exact: true }).waitFor();
    await version.getByText("Unsigned", { exact: true }).waitFor();
    await version.click();
    const about = page.getByRole("complementary", { name: "Version" });
    await about.getByText("Nobody vouches for it", { exact: false }).waitFor();
    await about.getByText("main.py", { exact: true }).first().waitFor();
    await browser.mustBeAccessible(page);
  });

  await step("the roll-out has stopped by itself, and says why and at which device", async () => {
    await page.goto(`${base}/firmware`);
    await options(page, "Roll-outs").filter({ hasText: ROLLOUT }).click();
    await page.getByText("In stage 2, 1 of 3 devices failed", { exact: false }).waitFor({ timeout: STOPS_WITHIN_MS });
    await page.getByText(/^Stopped · v/).waitFor();
    await browser.mustBeAccessible(page);
    await page.getByRole("button", { name: "Show the devices that failed" }).click();
    await devices(page).filter({ hasText: WELL }).waitFor({ state: "detached" });
    await devices(page).filter({ hasText: BAD }).filter({ hasText: "The device says that it failed." }).waitFor();
    assert.equal(await devices(page).count(), 1, "not only one device is shown as failed");
    await devices(page).first().click();
    await page.getByRole("complementary", { name: "Upgrade" }).getByText("Failed", { exact: true }).waitFor();
    await browser.mustBeAccessible(page);
    await page.keyboard.press("Escape");
  });

  await step("a person goes on without it, and says why", async () => {
    await page.getByRole("button", { name: "Go on without them" }).click();
    assert.ok(await page.getByRole("button", { name: "Go on", exact: true }).isDisabled(), "no reason is needed");
    await page.getByLabel("Reason").fill(REASON);
    await browser.mustBeAccessible(page);
    await page.getByRole("button", { name: "Go on", exact: true }).click();
    await page.getByText(/^Running · v/).waitFor();
    await page.getByText(/^Stage 3 of 3 is under way/).waitFor({ timeout: BEGINS_WITHIN_MS });
    await page.getByText("About it, and who did what").click();
    await page.getByText(REASON, { exact: false }).waitFor();
    await browser.mustBeAccessible(page);
  });

  await step("one device alone is upgraded, and its progress is seen", async () => {
    await page.goto(`${base}/firmware?show=upgrades`);
    await page.getByRole("button", { name: "Upgrade a device" }).click();
    const form = page.getByRole("complementary", { name: "Upgrade a device" });
    await form.getByPlaceholder("Part of a name").fill(ON_BENCH);
    await form.getByRole("button", { name: ON_BENCH }).click();
    await form.getByLabel("Version").selectOption({ index: 1 });
    await form.getByRole("button", { name: "Review, then start" }).click();
    await form.getByText(`${ON_BENCH} is called now`, { exact: false }).waitFor();
    await browser.mustBeAccessible(page);
    await form.getByRole("button", { name: `Start the upgrade of ${ON_BENCH}` }).click();
    const bar = form.getByRole("progressbar");
    await bar.waitFor({ timeout: BEGINS_WITHIN_MS });
    await moves(bar);
    await browser.mustBeAccessible(page);
  });
}

/** The same in a hand. */
export async function firmwareOnPhone(browser, phone) {
  const base = new URL(phone.url()).origin;
  for (const [show, list] of [
    ["rollouts", "Roll-outs"],
    ["upgrades", "Upgrades"],
    ["versions", "Versions"],
  ]) {
    await phone.goto(`${base}/firmware?show=${show}`);
    await options(phone, list).first().tap();
    await (show === "rollouts"
      ? devices(phone).first()
      : phone.getByRole("complementary").getByRole("heading").first()
    ).waitFor();
    await mustFit(phone);
    await browser.mustBeAccessible(phone);
  }
  await phone.goto(`${base}/firmware?show=sources`);
  await phone.getByRole("article", { name: "scout" }).waitFor();
  await mustFit(phone);
  await browser.mustBeAccessible(phone);
}

/** A bar grows by itself. */
async function moves(bar) {
  const before = Number(await bar.getAttribute("aria-valuenow"));
  await bar.page().waitForFunction((was) => {
    const all = [...document.querySelectorAll("[role=progressbar]")];
    return all.some((one) => Number(one.getAttribute("aria-valuenow")) > was);
  }, before);
}
