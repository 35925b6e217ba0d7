// What a person does, from the link in the terminal to signing out; each step waits for what the page itself shows.
import assert from "node:assert/strict";
import { bench, benchOnPhone } from "./bench.mjs";
import { device, deviceOnPhone } from "./device.mjs";
import { firmware, firmwareOnPhone, rolloutMoves } from "./firmware.mjs";
import { outgoing } from "./outgoing.mjs";
import { mustFit, options, part, tab } from "./page.mjs";
import { people, signOut } from "./people.mjs";
import { ABSENT, registry } from "./registry.mjs";
import { routes, routesOnPhone } from "./routes.mjs";

/** The devices of the demo. */
const FLEET = 12;
const PHONE = { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true };

/** A text that the garbling buoy could have meant. */
const MEANT = "PK101;lat:3927.0802,NS:N,lon:2937.6667,EW:W,utc:222338,batt:4.0,int:20,sl:0,st:0";

/** Takes the whole way; `expects` tells what the system page should say of the store and the bus. */
export async function journey(browser, link, expects) {
  const base = new URL(link).origin;
  const step = async (name, work) => {
    const began = Date.now();
    try {
      await work();
      browser.mustBeFaultless();
    } catch (error) {
      console.log(`  FAIL  ${name}`);
      throw error;
    }
    console.log(`  ok    ${name} (${((Date.now() - began) / 1000).toFixed(1)} s)`);
  };

  const stranger = await browser.open();
  await step("a wrong link is refused with a sentence", async () => {
    await refused(stranger, `${base}/sign-in#${"0".repeat(64)}`);
    await browser.mustBeAccessible(stranger);
  });

  const page = await browser.open();
  await step("the link signs in, and the fleet is there", async () => {
    await page.goto(link);
    await options(page, "Fleet").first().waitFor();
    await page.waitForFunction((n) => document.querySelectorAll("[role=option]").length === n, FLEET);
    await page.locator(".leaflet-marker-icon").first().waitFor();
    assert.equal(new URL(page.url()).hash, "", "the token stays in the address");
    await browser.mustBeAccessible(page);
  });

  await step("a device opens with its track and values", async () => {
    const row = options(page, "Fleet").filter({ hasText: "Ok" }).first();
    // The first title in a row is that of the box to check. A row tells of the modem only its last digits.
    const title = await row.locator("[title]:not([aria-hidden])").first().getAttribute("title");
    const [, name, imei] = /^(\S+) · (\d{15})$/.exec(title ?? "") ?? [];
    assert.ok(name, `a row does not name its device and its modem: ${title}`);
    await row.click();
    const panel = page.getByRole("complementary", { name: "Device" });
    await panel.getByText(name, { exact: true }).first().waitFor();
    await panel
      .getByText(/^-?\d+\.\d{5}, -?\d+\.\d{5}$/)
      .first()
      .waitFor();
    await panel.getByText(imei, { exact: true }).waitFor();
    await panel.getByText(/^Speaks every /).waitFor();
    await page.getByRole("button", { name: "Whole track" }).click();
    const track = await page.getByRole("button", { name: "Whole track" }).getAttribute("title");
    const places = Number(/^([\d,]+) places/.exec(track ?? "")?.[1]?.replace(",", ""));
    assert.ok(places > 100, `a week has more places than this: ${track}`);
    await page.locator(".leaflet-marker-icon", { hasText: name }).waitFor();
    await browser.mustBeAccessible(page);
    await page.keyboard.press("Escape");
    await panel.waitFor({ state: "detached" });
  });

  await rolloutMoves(browser, page, step);

  await step("a new message arrives by itself", async () => {
    await tab(page, "Messages");
    const messages = options(page, "Messages");
    await messages.first().waitFor();
    const newest = await messages.first().getAttribute("id");
    await page.evaluate(() => {
      window.stayed = true;
    });
    await page.waitForFunction((id) => {
      const first = document.querySelector("[role=listbox][aria-label=Messages] [role=option]");
      return first !== null && first.id !== id;
    }, newest);
    assert.equal(await page.evaluate(() => window.stayed), true, "the page was loaded anew");
    await browser.mustBeAccessible(page);
  });

  await step("a message shows its bytes and where it came from", async () => {
    await page.getByLabel("State", { exact: true }).selectOption("decoded");
    await options(page, "Messages").first().click();
    const panel = page.getByRole("complementary", { name: "Message" });
    await panel.getByRole("heading", { name: "Values read" }).waitFor();
    const hex = part(panel, "Raw, hexadecimal").getByRole("button");
    assert.match(await hex.innerText(), /^(504b)[0-9a-f]{20,}\s*$/);
    const source = part(panel, "Where it came from");
    await source.getByText("rockblock", { exact: true }).waitFor();
    await source.getByText("127.0.0.1", { exact: true }).first().waitFor();
    await source.getByText(/imei/).waitFor();
    await browser.mustBeAccessible(page);
    await page.keyboard.press("Escape");
  });

  await step("a problem is repaired, and leaves the list", async () => {
    await tab(page, "Problems");
    const panel = await openProblem(page, "unreadable_text");
    await panel.getByText("A text could not be read").waitFor();
    await panel.getByRole("button", { name: "Repair" }).click();
    await panel.getByLabel("Repaired text").fill(MEANT);
    await panel.getByLabel("Reason").fill("The buoy garbles its texts; its neighbours tell what it meant.");
    await panel.getByRole("button", { name: "Put the copy in", disabled: false }).waitFor();
    await browser.mustBeAccessible(page);
    await settle(page, panel, "Put the copy in", "Repaired");
  });

  await step("a problem is discarded, and leaves the list", async () => {
    const panel = await openProblem(page, "no_imei");
    await panel.getByText("A push named no modem").waitFor();
    await panel.getByRole("button", { name: "Discard" }).click();
    await panel.getByLabel("Reason").fill("Somebody tried the address.");
    await settle(page, panel, "Discard this problem", "Discarded");
    await page.getByRole("button", { name: "Discarded" }).click();
    await options(page, "Problems").first().waitFor();
    await browser.mustBeAccessible(page);
  });

  await outgoing(browser, page, step);
  await device(browser, page, step);

  await step("the system page names this shape's store and bus", async () => {
    await tab(page, "System");
    await page.getByRole("heading", { name: "The line is healthy" }).waitFor();
    const about = page.getByRole("region", { name: "About" });
    await about.getByText(expects.store).waitFor();
    await about.getByText(expects.bus).waitFor();
    await browser.mustBeAccessible(page);
  });

  const storageState = await page.context().storageState();
  const phone = await browser.open({ ...PHONE, storageState, colorScheme: "dark" });
  await step("a phone shows the list first, and the map on demand", async () => {
    await phone.goto(base);
    await options(phone, "Fleet").first().waitFor();
    assert.equal(await phone.locator(".leaflet-container").count(), 0, "the map is there before it is asked for");
    await mustFit(phone);
    await browser.mustBeAccessible(phone);
    await phone.getByRole("button", { name: "Map", exact: true }).tap();
    await phone.locator(".leaflet-marker-icon").first().waitFor();
    await phone.getByRole("button", { name: "Close the map" }).tap();
    await options(phone, "Fleet").first().tap();
    await phone.getByRole("complementary", { name: "Device" }).waitFor();
    await mustFit(phone);
    await browser.mustBeAccessible(phone);
    for (const view of ["Messages", "Problems", "Outgoing", "System"]) {
      await tab(phone, view);
      await (view === "System" ? phone.getByRole("heading").first() : options(phone, view).first()).waitFor();
      await mustFit(phone);
      await browser.mustBeAccessible(phone);
    }
  });

  await step("a device's page takes its turn in a hand, part by part", async () => {
    await tab(phone, "Fleet");
    await deviceOnPhone(browser, phone);
  });

  // What shows the API nests buttons, which axe reports and nobody here can change.
  await step("the API is documented offline, and asked with the session", async () => {
    for (const reader of [page, phone]) {
      await reader.goto(`${base}/api/docs`);
      await reader.getByRole("heading", { name: "Fairlead API" }).waitFor();
      await reader.locator("#operations-tag-outgoing").click();
      await reader.locator("#operations-outgoing-post_outgoing").waitFor();
      await reader.locator("#operations-tag-system").click();
      const operation = reader.locator("#operations-system-get_system");
      await operation.locator(".opblock-summary-control").click();
      await operation.getByRole("button", { name: "Try it out" }).click();
      await operation.getByRole("button", { name: "Execute" }).click();
      await operation
        .locator(".live-responses-table")
        .getByText(/"open_problems"/)
        .waitFor();
      await mustFit(reader);
    }
    await page.goto(base);
    await options(page, "Fleet").first().waitFor();
  });

  await registry(browser, page, step);
  await bench(browser, page, step, ABSENT);
  await step("a bench fits a hand", () => benchOnPhone(browser, phone, ABSENT));
  await firmware(browser, page, step);
  await step("firmware fits a hand", () => firmwareOnPhone(browser, phone));
  await routes(browser, page, step);
  await step("routes fit a hand", () => routesOnPhone(browser, phone));
  await people(browser, page, step, PHONE);

  await step("signing out ends the session, and the link is used up", async () => {
    // From the view that asks most often: none of it may come too late.
    await page.goto(`${base}/welcome`);
    await page.getByRole("region", { name: "Test" }).waitFor();
    await signOut(page);
    await page.goto(base);
    await page.getByLabel("Link or token").waitFor();
    await refused(stranger, link);
  });
}

/** Opens a link that must not let anybody in. */
async function refused(page, link) {
  // Another fragment alone is no other page.
  await page.goto("about:blank");
  await page.goto(link);
  const sentence = await page.getByRole("alert").locator("p").first().innerText();
  assert.match(sentence, /^\p{Lu}.+\.$/u, "the refusal is no sentence");
  assert.equal(new URL(page.url()).pathname, "/sign-in");
}

/** Opens the newest open problem of a kind. */
async function openProblem(page, kind) {
  await page.getByRole("button", { name: /^Open/ }).click();
  await page.getByLabel("Kind", { exact: true }).selectOption(kind);
  await options(page, "Problems").first().click();
  const panel = page.getByRole("complementary", { name: "Problem" });
  const why = await panel.locator("p").nth(1).innerText();
  assert.ok(why.length > 10, `the problem gives no reason: ${why}`);
  return panel;
}

/** Carries an action out; the problem then says so, and is no longer among the open ones. */
async function settle(page, panel, confirm, state) {
  const id = new URL(page.url()).searchParams.get("problem");
  await panel.getByRole("button", { name: confirm }).click();
  await panel.getByText(state, { exact: true }).waitFor();
  await page.locator(`[id="row-${id}"]`).waitFor({ state: "detached" });
  await page.keyboard.press("Escape");
  await panel.waitFor({ state: "detached" });
}
