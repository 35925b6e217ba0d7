// What a person does with messages to devices: tells a buoy something, looks how far it comes, settles what is unknown.
import assert from "node:assert/strict";
import { options, part, tab } from "./page.mjs";

/** A device is heard at its next wake; the demo's clock runs fast, and a v3 buoy takes one message a wake. */
const HEARD_WITHIN_MS = 60_000;

/** What no device knows. */
const NONSENSE = "+DATA:PK009,1;";

/** Needs two v3 buoys that speak, an account that sends, and a message with an unknown outcome. */
export async function outgoing(browser, page, step) {
  const buoys = await v3Buoys(page);
  const buoy = await untold(page, buoys);
  // It rejects once, in a text that must be readable.
  const clear = buoys.find((modem) => modem.open_problems === 0 && modem.id !== buoy.id);
  assert.ok(clear, "no v3 buoy speaks that everything could be read of");
  const minutes = Math.round(buoy.interval_s / 60) === 15 ? 20 : 15;
  const words = `Report every ${minutes} min`;

  await step("a v3 buoy is told to report at another interval, by a double click once", async () => {
    await tab(page, "Fleet");
    await page.getByLabel("Search name, serial or IMEI").fill(buoy.imei);
    await options(page, "Fleet").first().click();
    await page.evaluate(() => {
      window.stayed = true;
    });
    const form = commands(page);
    await form.getByText("A v3 buoy has no last-mile beacon.").waitFor();
    assert.ok(await form.getByRole("button", { name: "Beacon" }).isDisabled(), "a refused offer can be chosen");
    await form.getByRole("button", { name: "Interval" }).click();
    await form.getByLabel("Minutes").fill("2000");
    await form.getByText("Enter whole minutes from 1 to 1,440.").waitFor();
    assert.ok(await form.getByRole("button", { name: "Send", exact: true }).isDisabled(), "2,000 minutes can be sent");
    await form.getByLabel("Minutes").fill(String(minutes));
    await form.getByText(/^1 credit, paid by /).waitFor();
    await form.getByText(/^The device will hear it .+\.$/).waitFor();
    await form.getByText("Its next report says whether it took the command.").waitFor();
    await browser.mustBeAccessible(page);
    await form.getByRole("button", { name: "Send", exact: true }).dblclick();
    await told(page, words).getByText("Sent", { exact: true }).waitFor();
    const { items } = await ask(page, `outgoing?modem_id=${buoy.id}`);
    assert.equal(items.length, 1, "two clicks made two messages");
  });

  await step("its delivery shows by itself, with the message that proves it", async () => {
    await told(page, words).getByText("Delivered", { exact: true }).waitFor({ timeout: HEARD_WITHIN_MS });
    assert.equal(await page.evaluate(() => window.stayed), true, "the page was loaded anew");
    await told(page, words).getByRole("link", { name: words }).click();
    const panel = page.getByRole("complementary", { name: "Outgoing message" });
    await panel.getByText(`+DATA:PK006,${minutes};`).waitFor();
    for (const state of ["Queued", "Accepted", "Delivered"]) {
      await part(panel, "History").getByText(state, { exact: true }).first().waitFor();
    }
    await browser.mustBeAccessible(page);
    await panel.getByRole("link", { name: "the device's message" }).click();
    const proof = page.getByRole("complementary", { name: "Message", exact: true });
    await proof.getByRole("heading", { name: "Values read" }).waitFor();
    await page.goBack();
    await panel.waitFor();
    await page.keyboard.press("Escape");
    await panel.waitFor({ state: "detached" });
  });

  await step("a free text needs a second step, and the buoy rejects it", async () => {
    await page.goto(`${new URL(page.url()).origin}/?device=${clear.id}`);
    const form = commands(page);
    await form.getByRole("button", { name: "Text" }).click();
    await form.getByLabel("Text to send").fill(NONSENSE);
    await form.getByRole("button", { name: "Review, then send" }).click();
    await form.getByRole("alert").getByText(NONSENSE).waitFor();
    await browser.mustBeAccessible(page);
    await form.getByRole("button", { name: "Yes, send it" }).click();
    const last = told(page, `Text: ${NONSENSE}`);
    await last.getByText("Rejected", { exact: true }).waitFor({ timeout: HEARD_WITHIN_MS });
  });

  await step("an unknown outcome stands first, and is settled with a reason", async () => {
    await tab(page, "Outgoing");
    const section = page.getByRole("region", { name: /with an unknown outcome$/ });
    const first = section.getByRole("listitem").first();
    await first.waitFor();
    const row = options(page, "Outgoing").first();
    const top = async (locator) => (await locator.boundingBox()).y;
    assert.ok((await top(first)) < (await top(row)), "the unknown ones do not stand first");
    await browser.mustBeAccessible(page);
    const badge = page.getByRole("navigation", { name: "Views" }).getByRole("link", { name: /^Outgoing/ });
    assert.match(await badge.innerText(), /\d/, "the tab does not tell how many are unknown");
    const device = await first.getByRole("link").first().innerText();
    await first.getByRole("button", { name: "Give it up" }).click();
    await first.getByLabel("Reason").fill("The provider's list does not show it.");
    await first.getByRole("button", { name: "Give it up" }).click();
    await section.getByRole("link", { name: device }).waitFor({ state: "detached" });
    await page.getByLabel("State", { exact: true }).selectOption("failed");
    await options(page, "Outgoing").filter({ hasText: device }).first().waitFor();
    await page.getByRole("button", { name: "Show all messages" }).click();
  });

  await step("the account is paused and resumed, each with a reason", async () => {
    const account = page.getByRole("region", { name: "Accounts" }).getByRole("article").first();
    await account.getByRole("button", { name: "Pause", exact: true }).click();
    await account.getByLabel("Reason").fill("The bill is looked at.");
    await account.getByRole("button", { name: /^Pause / }).click();
    await account.getByText(/^Paused/).waitFor();
    await account.getByText("The bill is looked at.").waitFor();
    await account.getByRole("button", { name: "Resume", exact: true }).click();
    await account.getByLabel("Reason").fill("The bill is right.");
    await account.getByRole("button", { name: /^Resume / }).click();
    await account.getByText("Ready", { exact: true }).waitFor();
  });

  await step("the credits are summed by account, device and day", async () => {
    await page.getByRole("button", { name: "Credits spent" }).click();
    const panel = page.getByRole("complementary", { name: "Credits spent" });
    for (const by of ["Device", "Day", "Account"]) {
      await panel.getByRole("button", { name: by }).click();
      await panel.getByRole("columnheader", { name: by }).waitFor();
      const sum = await panel.getByRole("row").last().getByRole("cell").nth(1).innerText();
      assert.ok(Number(sum.replaceAll(",", "")) > 0, `nothing was spent: ${sum}`);
    }
    await browser.mustBeAccessible(page);
    await page.keyboard.press("Escape");
    await panel.waitFor({ state: "detached" });
  });
}

/** The v3 buoys that say their interval; whoever spoke last comes first. */
async function v3Buoys(page) {
  const { items } = await ask(page, "modems?limit=100");
  const newest = (a, b) => Date.parse(b.last_seen_at) - Date.parse(a.last_seen_at);
  return items.filter((modem) => modem.dialect === "v3_buoy" && modem.interval_source === "reported").sort(newest);
}

/** The first of them that was told nothing yet. */
async function untold(page, buoys) {
  for (const modem of buoys) {
    const sent = await ask(page, `outgoing?modem_id=${modem.id}&limit=1`);
    if (sent.items.length === 0) return modem;
  }
  throw new Error("no v3 buoy speaks that was told nothing yet");
}

function ask(page, path) {
  return page.evaluate(async (to) => (await fetch(`/api/v1/${to}`)).json(), path);
}

function commands(page) {
  return part(page.getByRole("complementary", { name: "Device" }), "Commands");
}

/** What a device was told last, by its words. */
function told(page, words) {
  const list = commands(page).getByRole("list", { name: "Last messages to it" });
  return list.locator(":scope > li", { hasText: words }).first();
}
