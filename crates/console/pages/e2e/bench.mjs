// A device on the bench: its values, its orders, what was said, and one that nobody hears.
import assert from "node:assert/strict";
import { mustFit, options } from "./page.mjs";

/** The demo's device to talk to, and the other network in its reach. */
export const ON_BENCH = "PK020";
const NETWORK = { ssid: "Harbour Office", password: "slack water" };

/** Setting the hardware up and looking for a network take a device up to 15 s. */
const DEVICE_TAKES_MS = 45_000;

const region = (page, name) => page.getByRole("region", { name });
const said = (page, text) => region(page, "Log").getByRole("listitem").filter({ hasText: text });

/** Needs a session that may tell devices something, and a device `absent` of the registry that never had a line. */
export async function bench(browser, page, step, absent) {
  await step("a device's bench shows how it is, and a check of its hardware", async () => {
    await openBench(page, ON_BENCH);
    await page.getByText("On the line", { exact: true }).waitFor();
    const about = region(page, "How it is");
    await about.getByText(/^\d\.\d\d V/).waitFor();
    await page.getByRole("button", { name: "Check the hardware" }).click();
    await about.getByText("No faults").waitFor({ timeout: DEVICE_TAKES_MS });
    await said(page, "Told to set up its hardware.").waitFor();
    await browser.mustBeAccessible(page);
  });

  await step("a driver is started, and its values come live", async () => {
    const gps = page.getByRole("group", { name: "GPS" });
    await gps.getByText("Stopped").waitFor();
    await gps.getByRole("button", { name: "Start GPS" }).click();
    await gps.getByText("Runs").waitFor();
    // At first it sees too few satellites to tell where it is.
    const before = await changed(page, "Latitude", "None");
    await changed(page, "Latitude", before);
    await said(page, "Told to start GPS.").waitFor();
    await browser.mustBeAccessible(page);
    await gps.getByRole("button", { name: "Stop GPS" }).click();
    await gps.getByText("Stopped").waitFor();
  });

  await step("a network is tested, then saved in two steps, and no log has its password", async () => {
    const wifi = region(page, "Wi-Fi");
    await wifi.getByLabel("Name (SSID)").fill(NETWORK.ssid);
    await wifi.getByLabel("Password", { exact: true }).fill(NETWORK.password);
    await wifi.getByRole("button", { name: "Test it" }).click();
    await wifi.getByText("The test succeeded.").waitFor({ timeout: DEVICE_TAKES_MS });
    await wifi.getByRole("button", { name: "Save it" }).click();
    await wifi.getByText("This network was tested, and joined.").waitFor();
    assert.equal(await said(page, "Told to save the network").count(), 0, "the first step told the device already");
    await browser.mustBeAccessible(page);
    await wifi.getByRole("button", { name: `Save “${NETWORK.ssid}” on ${ON_BENCH}` }).click();
    await said(page, `Told to save the network “${NETWORK.ssid}”.`).waitFor();
    await said(page, `Stored network: ${NETWORK.ssid}`).waitFor();
    await region(page, "Log").getByRole("button", { name: "Raw" }).click();
    await said(page, "store_new_sta").waitFor();
    // And as the server has it, after the page has forgotten what was typed.
    await page.reload();
    await said(page, "store_new_sta").waitFor();
    const all = await page.evaluate(() => document.body.innerText);
    assert.ok(!all.includes(NETWORK.password), "the log shows a password");
    await browser.mustBeAccessible(page);
  });

  await step("the bench of a device that is not there refuses in a sentence, at the button", async () => {
    await openBench(page, absent);
    await page.getByText("It comes by itself in support mode").waitFor();
    await page.getByRole("button", { name: "Ask for Wi-Fi" }).click();
    const refusal = region(page, "How it is").getByRole("alert");
    await refusal.getByText(absent).waitFor();
    assert.match((await refusal.innerText()).trim(), /^\p{Lu}.+\.$/su, "the refusal is no sentence");
    await page.getByRole("button", { name: "Reset", exact: true }).click();
    await page.getByText(`${absent} restarts at once.`).waitFor();
    await browser.mustBeAccessible(page);
  });
}

/** Both benches in a hand: of the device on the line, and of one that is not there. */
export async function benchOnPhone(browser, phone, absent) {
  for (const name of [ON_BENCH, absent]) {
    await openBench(phone, name);
    await phone.getByRole("heading", { name }).waitFor();
    await phone.getByText(name === ON_BENCH ? "On the line" : "Never on the line yet", { exact: true }).waitFor();
    await mustFit(phone);
    await browser.mustBeAccessible(phone);
    await phone.getByRole("button", { name: "Log", exact: true }).click();
    await region(phone, "Log").waitFor();
    await mustFit(phone);
    await browser.mustBeAccessible(phone);
  }
}

/** Waits until a value is there and is not `was` any more; what it is then. */
async function changed(page, name, was) {
  const value = await page.waitForFunction(
    ([name, was]) => {
      const term = [...document.querySelectorAll("dt")].find((one) => one.textContent === name);
      const value = term?.nextElementSibling?.innerText.trim();
      return value !== undefined && value !== was && value;
    },
    [name, was],
    { timeout: DEVICE_TAKES_MS },
  );
  return value.jsonValue();
}

async function openBench(page, name) {
  await page.goto(`${new URL(page.url()).origin}/devices?q=${name}`);
  await options(page, "Devices").filter({ hasText: name }).click();
  await page.getByRole("link", { name: "Bench", exact: true }).click();
}
