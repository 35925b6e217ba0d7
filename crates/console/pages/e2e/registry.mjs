// The registry: who is on the line, a device made known, its modem out and in again, a list imported, a stranger let in.
import assert from "node:assert/strict";
import { options, part, tab } from "./page.mjs";

/** A device that nobody has, with a modem that was never heard. */
const SPARE = { name: "BENCH-7", imei: "300434069999990" };

/** A device that is made here and never comes on the line. */
export const ABSENT = "BENCH-8";

/** Whom the demo's registry does not know, and who dials every five seconds. */
const STRANGER = "PK077";

const region = (page, name) => page.getByRole("region", { name });
const panel = (page, name) => page.getByRole("complementary", { name });

/** Needs a session that may change things. */
export async function registry(browser, page, step) {
  const base = new URL(page.url()).origin;

  await step("the registry shows each device, with its modem and whether it is on the line", async () => {
    await tab(page, "Devices");
    await options(page, "Devices").filter({ hasText: "PK001" }).filter({ hasText: "Never" }).waitFor();
    await options(page, "Devices").filter({ hasText: "PK001" }).getByText("Monterey").waitFor();
    await page.getByPlaceholder("Search name, IMEI or serial").fill("PK020");
    await options(page, "Devices").filter({ hasText: "PK020" }).getByText("On the line").waitFor();
    await browser.mustBeAccessible(page);
  });

  await step("a stranger is made known, and has its line soon", async () => {
    await page.goto(`${base}/devices?show=arrivals`);
    const knock = region(page, "Refused a line")
      .getByRole("listitem")
      .filter({ hasText: `${STRANGER} wants a line` });
    await knock.waitFor();
    await browser.mustBeAccessible(page);
    await knock.getByRole("button", { name: "Make it known" }).click();
    const form = panel(page, "New device");
    assert.equal(await form.getByLabel("Name", { exact: true }).inputValue(), STRANGER);
    await form.getByRole("button", { name: "Make it known" }).click();
    await form.getByRole("button", { name: `Open ${STRANGER}` }).click();
    await options(page, "Devices").filter({ hasText: STRANGER }).getByText("On the line").waitFor();
    await page.goto(`${base}/devices?show=arrivals`);
    await page.getByText("Nobody was refused a line.").waitFor();
  });

  await step("a device is made known, and what is wrong with another stands at its fields", async () => {
    await tab(page, "Devices");
    await page.getByRole("button", { name: "New device" }).click();
    const form = panel(page, "New device");
    await form.getByLabel("Name", { exact: true }).fill("not a name");
    await form.getByText("Letters, digits, _, - and . may be in it.").waitFor();
    await form.getByLabel("Name", { exact: true }).fill(SPARE.name);
    await form.getByLabel("Modem", { exact: true }).fill(SPARE.imei);
    await form.getByText("Nothing was heard from this IMEI yet. It is made known.").waitFor();
    await browser.mustBeAccessible(page);
    await form.getByRole("button", { name: "Make it known" }).click();
    await form.getByText(`${SPARE.name} is known now.`).waitFor();
    await form.getByRole("button", { name: `Open ${SPARE.name}` }).click();
    await options(page, "Devices").filter({ hasText: SPARE.name }).filter({ hasText: SPARE.imei }).waitFor();
  });

  await step("its modem is taken out and put in again, with the effects shown first", async () => {
    const about = panel(page, "Device of the registry");
    await about.getByText(`Unlink modem ${SPARE.imei} first.`).waitFor();
    await about.getByRole("button", { name: "Unlink", exact: true }).click();
    await about.getByRole("button", { name: "Show what it changes" }).click();
    await about.getByText("No message changes hands.").waitFor();
    await about.getByRole("button", { name: `Unlink modem ${SPARE.imei} from ${SPARE.name}` }).click();
    await about.getByRole("button", { name: "Link a modem" }).click();
    await about.getByLabel("Which modem is in it?").fill(SPARE.imei);
    await about.getByRole("button", { name: "Show what it changes" }).click();
    await about.getByRole("button", { name: `Link modem ${SPARE.imei} to ${SPARE.name}` }).click();
    await about.getByRole("button", { name: "Unlink", exact: true }).waitFor();
    await part(about, "Which modem was in it").getByText("now").waitFor();
    await browser.mustBeAccessible(page);
  });

  await step("it gets a group and a key, and the key is shown once", async () => {
    await page.goto(`${base}/devices?show=groups`);
    await page.getByRole("button", { name: "New group" }).click();
    await panel(page, "New group").getByLabel("Name", { exact: true }).fill("Trials");
    await page.getByRole("button", { name: "Make the group" }).click();
    await panel(page, "Group").waitFor();
    await page.goto(`${base}/devices?q=${SPARE.name}`);
    await options(page, "Devices").filter({ hasText: SPARE.name }).click();
    const about = panel(page, "Device of the registry");
    await about.getByLabel("Put into a group").selectOption("Trials");
    await about.getByRole("button", { name: `Take ${SPARE.name} out of Trials` }).waitFor();
    await about.getByRole("button", { name: "Make a key", exact: true }).click();
    await about.getByRole("button", { name: `Make a key for ${SPARE.name}` }).click();
    assert.match(await about.locator("code").first().innerText(), /^\S{16,}$/);
    await page.reload();
    await about.getByText("It must show its key when it connects.").waitFor();
    assert.equal(await about.locator("code").count(), 0, "a key is shown a second time");
  });

  await step("a list is checked line by line before anything is made", async () => {
    await page.goto(`${base}/devices?show=import`);
    const list = page.getByLabel("Or paste it here");
    await list.fill(`kind,name,groups\nbuoy,${SPARE.name},\nhandset,${ABSENT},Trials\n`);
    await page.getByRole("button", { name: "Check it" }).click();
    await page.getByText("1 line cannot be made, so nothing would be.").waitFor();
    await options(page, "Lines").filter({ hasText: SPARE.name }).waitFor();
    await browser.mustBeAccessible(page);
    await page.getByRole("button", { name: "Change the list" }).click();
    await list.fill(`kind,name,groups\nhandset,${ABSENT},Trials\n`);
    await page.getByRole("button", { name: "Check it" }).click();
    await page.getByRole("button", { name: "Make 1 device" }).click();
    await page.getByText("1 device was made.").waitFor();
  });

  await step("the registration is opened for a while, and closed", async () => {
    await page.goto(`${base}/devices?show=arrivals`);
    const window = region(page, "Registration by devices");
    await window.getByRole("button", { name: "120 min", exact: true }).click();
    await window.getByRole("button", { name: "Open it" }).click();
    await window.getByText(/^Open for another/).waitFor();
    await browser.mustBeAccessible(page);
    await window.getByRole("button", { name: "Close it now" }).click();
    await window.getByText("Closed", { exact: true }).waitFor();
  });
}
