// What a person does with one device's whole page, and with several devices together.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { mustFit, options, part } from "./page.mjs";

const NOTE = "Deployed with 30 m of line; look at the shackle in spring.";

/** Needs a fleet with a device that tells its speed, and one of which messages never arrived. */
export async function device(browser, page, step) {
  const base = new URL(page.url()).origin;
  const { items } = await ask(page, "modems?limit=100");
  const swift = items.find((modem) => modem.speed_m_s !== null && modem.open_problems === 0);
  // Whoever misses most has lost some: a single number may only be late.
  const lossy = items.reduce((most, modem) => (modem.missing > most.missing ? modem : most));
  assert.ok(swift && lossy.missing > 0, "no device tells its speed, or none has lost a message");
  const name = swift.device?.name ?? swift.serial ?? swift.imei;

  await step("a device's whole page shows its past and its present", async () => {
    await page.goto(`${base}/?device=${swift.id}`);
    await page.getByRole("link", { name: "Whole page" }).click();
    await page.getByRole("heading", { name, level: 1 }).waitFor();
    await page.getByText(/^Speaks every /).waitFor();
    await page.getByRole("region", { name: "Plots over time" }).locator(".uplot canvas").first().waitFor();
    await page
      .getByText(/^Speed, kn/)
      .first()
      .waitFor();
    await commandsOf(page).getByRole("button", { name: "Text" }).waitFor();
    assert.match(await page.title(), new RegExp(name));
    await browser.mustBeAccessible(page);
  });

  await step("a moment of its past is looked at, and the address holds it", async () => {
    const slider = page.getByLabel("Moment shown");
    const newest = await moment(page);
    await slider.focus();
    for (let i = 0; i < 5; i++) await page.keyboard.press("ArrowLeft");
    const then = await moment(page);
    assert.ok(Date.parse(then) < Date.parse(newest), `${then} is not before ${newest}`);
    await page.waitForURL(/[?&]at=/);
    await page.reload();
    await page.getByText(then).waitFor();
    await page.getByRole("button", { name: "24 h" }).click();
    await page.waitForURL((url) => url.searchParams.get("range") === "24h" && !url.searchParams.has("at"));
    await page.getByRole("button", { name: "As a table" }).click();
    const rows = page.getByRole("table", { name: "Values over time" }).getByRole("row");
    await rows.nth(5).waitFor();
    await browser.mustBeAccessible(page);
    await page.getByRole("button", { name: "As plots" }).click();
  });

  await step("its track is taken along in each format", async () => {
    const begins = {
      GPX: /^<\?xml[\s\S]+<trkpt lat="-?\d/,
      CSV: /^device,imei,time,/,
      GeoJSON: /^\{"type":"FeatureCollection"/,
    };
    for (const [format, content] of Object.entries(begins)) {
      await page.getByRole("button", { name: "Download", exact: true }).click();
      const [file] = await Promise.all([
        page.waitForEvent("download"),
        page.getByRole("menuitem", { name: new RegExp(`^${format}`) }).click(),
      ]);
      assert.equal(file.suggestedFilename(), `${name}.${format.toLowerCase()}`);
      assert.match(await readFile(await file.path(), "utf8"), content);
    }
  });

  await step("its story tells what it said and what never arrived", async () => {
    await page.goto(`${base}/devices/${lossy.id}?show=messages`);
    const story = options(page, "What it said and was told");
    await story.first().waitFor();
    // Only what is in sight is drawn: down the list, which reads on at its end, until a gap comes by.
    await page.waitForFunction(() => {
      const list = document.querySelector("[role=listbox]");
      const found = [...list.children].some((row) => /never arrived/.test(row.textContent));
      if (!found) list.parentElement.scrollBy(0, 400);
      return found;
    });
    await story.filter({ hasText: /MOMSN/ }).first().click();
    const panel = page.getByRole("complementary", { name: "Message", exact: true });
    await panel.getByRole("heading", { name: "Values read" }).waitFor();
    await page.waitForURL(/[?&]message=/);
    await browser.mustBeAccessible(page);
    await page.keyboard.press("Escape");
    await panel.waitFor({ state: "detached" });
    await browser.mustBeAccessible(page);
  });

  await step("a note is added, its removal taken back, and then not", async () => {
    await page.goto(`${base}/devices/${swift.id}?show=notes`);
    await page.getByLabel("New note").fill(NOTE);
    await page.getByRole("button", { name: "Add the note" }).click();
    const note = page.getByRole("listitem").filter({ hasText: NOTE });
    await note.waitFor();
    await note.hover();
    await note.getByRole("button", { name: "Remove this note" }).click();
    await page.getByRole("button", { name: "Undo" }).click();
    await note.waitFor();
    await browser.mustBeAccessible(page);
    await page.reload();
    await note.waitFor();
    await note.hover();
    await note.getByRole("button", { name: "Remove this note" }).click();
    // Going elsewhere does not take it back.
    const gone = page.waitForResponse((answer) => answer.request().method() === "DELETE" && answer.status() === 204);
    await page.getByRole("button", { name: "Now", exact: true }).click();
    await gone;
    await page.reload();
    await page.getByRole("button", { name: "Notes", exact: true }).click();
    await page.getByText("No notes yet.").waitFor();
  });

  await step("several devices are chosen, kept in the address, and compared", async () => {
    await page.goto(base);
    const fleet = options(page, "Fleet");
    const bar = page.getByRole("group", { name: "Selected devices" });
    // Whoever points at the list has its rows stand still: without that they change places between two looks.
    await fleet.first().hover();
    await fleet.nth(1).click({ modifiers: ["Control"] });
    await fleet.nth(3).click({ modifiers: ["Shift"] });
    await bar.getByText("3 selected", { exact: true }).waitFor();
    await page.keyboard.press("x");
    await bar.getByText("2 selected", { exact: true }).waitFor();
    await page.reload();
    await bar.getByText("2 selected", { exact: true }).waitFor();
    await fleet.first().waitFor();
    assert.equal(await page.locator("[role=option][aria-checked=true]").count(), 2);
    await bar.getByRole("button", { name: "Copy positions" }).click();
    await bar.getByRole("button", { name: "Copied" }).waitFor();
    await bar.getByRole("button", { name: "Fit" }).click();
    const download = bar.getByRole("button", { name: "Download tracks" });
    await download.click();
    const [file] = await Promise.all([
      page.waitForEvent("download"),
      page.getByRole("menuitem", { name: /^CSV/ }).click(),
    ]);
    const lines = (await readFile(await file.path(), "utf8")).trim().split("\r\n").slice(1);
    assert.equal(new Set(lines.map((line) => line.split(",")[1])).size, 2, "the file has not both tracks");
    await browser.mustBeAccessible(page);
    await bar.getByRole("button", { name: "Clear" }).click();
    await bar.waitFor({ state: "detached" });
  });
}

/** The same page in a hand: its parts one after the other. */
export async function deviceOnPhone(browser, phone) {
  await options(phone, "Fleet").first().tap();
  await phone.getByRole("link", { name: "Whole page" }).tap();
  await phone.getByLabel("Moment shown").waitFor();
  for (const name of ["Track", "Now", "Messages", /^Notes/]) {
    await phone.getByRole("group", { name: "Parts of this page" }).getByRole("button", { name }).tap();
    await mustFit(phone);
    await browser.mustBeAccessible(phone);
  }
}

function ask(page, path) {
  return page.evaluate(async (to) => (await fetch(`/api/v1/${to}`)).json(), path);
}

function commandsOf(page) {
  return part(page.locator("main"), "Commands");
}

/** The exact moment whose words are shown. */
async function moment(page) {
  const shown = page.getByText(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC$/).first();
  return shown.innerText();
}
