// How people come in: from nobody's link to a name and a password, an invitation, a token, and the log of it all.
import assert from "node:assert/strict";
import { mustFit, options, part, tab } from "./page.mjs";

const ADA = { name: "Ada of the Sea", password: "tern harbour lantern seven" };
const GRACE = { name: "Grace", password: "quiet anchor under copper" };

/** Needs the session of a printed link; leaves it as an administrator's with a name. */
export async function people(browser, page, step, phoneOptions) {
  const base = new URL(page.url()).origin;

  await step("the first run tells what to enter, and a test push goes the whole way", async () => {
    await page.goto(`${base}/welcome`);
    await page.getByRole("heading", { name: "The first message is here" }).waitFor();
    await region(page, "Your webhook").getByText("/rockblock/incoming").waitFor();
    const test = region(page, "Test");
    await test.getByRole("button", { name: "Send a test push" }).click();
    await test.getByText(/^Status \d+ after /).waitFor();
    assert.match(await test.getByRole("status").locator("p").first().innerText(), /^\p{Lu}.+\.$/u);
    await region(page, "What came in").getByText("Decoded").waitFor();
    await browser.mustBeAccessible(page);
  });

  await step("nobody becomes a person, with the same role", async () => {
    const form = region(page, "Make yourself a person");
    await form.getByLabel("Name", { exact: true }).fill(ADA.name);
    await form.getByLabel("New password", { exact: true }).fill("too short");
    await form.getByText("3 more characters are needed.").waitFor();
    const make = form.getByRole("button", { name: "Make me a person" });
    assert.ok(await make.isDisabled(), "a password of nine characters can be chosen");
    await form.getByLabel("New password", { exact: true }).fill(ADA.password);
    await form.getByText(/^Strong/).waitFor();
    await browser.mustBeAccessible(page);
    await make.click();
    await form.getByText(`You are ${ADA.name} now.`).waitFor();
  });

  let link;
  await step("a person is invited by a link that is shown once", async () => {
    await tab(page, "People");
    await options(page, "People").filter({ hasText: ADA.name }).getByText("you").waitFor();
    await page.getByRole("button", { name: "Invite", exact: true }).click();
    const panel = page.getByRole("complementary", { name: "Invite a person" });
    await panel.getByLabel("Name", { exact: true }).fill(GRACE.name);
    await panel.getByRole("button", { name: "operator" }).click();
    await browser.mustBeAccessible(page);
    await panel.getByRole("button", { name: "Make the link" }).click();
    link = await panel.locator("code").innerText();
    assert.ok(link.startsWith(`${base}/sign-in#`), `the link leads elsewhere: ${link.split("#")[0]}`);
    await browser.mustBeAccessible(page);
    await panel.getByRole("button", { name: "Close" }).click();
    await options(page, "People").filter({ hasText: GRACE.name }).getByText("No password yet").waitFor();
  });

  const guest = await browser.open();
  await step("the invited one chooses a password, and sees what an operator may", async () => {
    await guest.goto(link);
    await guest.getByRole("heading", { name: "Choose a password" }).waitFor();
    await guest.getByText("12 to 200 characters").waitFor();
    await guest.getByLabel("New password", { exact: true }).fill(GRACE.password);
    await browser.mustBeAccessible(guest);
    await guest.getByRole("button", { name: "Set the password" }).click();
    await options(guest, "Fleet").first().waitFor();
    assert.equal(await guest.getByRole("link", { name: "People" }).count(), 0, "an operator is shown People");
    await guest.goto(`${base}/people`);
    await guest.getByText("People are the admins' to manage").waitFor();
    await browser.mustBeAccessible(guest);
  });

  await step("a wrong password is refused with a sentence, and the name stays", async () => {
    await signOut(guest);
    await browser.mustBeAccessible(guest);
    await guest.getByLabel("Name", { exact: true }).fill(GRACE.name.toLowerCase());
    await guest.getByLabel("Password", { exact: true }).fill(ADA.password);
    await guest.getByRole("button", { name: "Sign in", exact: true }).click();
    const sentence = await guest.getByRole("alert").locator("p").first().innerText();
    assert.match(sentence, /^\p{Lu}.+\.$/u, "the refusal is no sentence");
    assert.equal(await guest.getByLabel("Name", { exact: true }).inputValue(), GRACE.name.toLowerCase());
    await guest.getByLabel("Password", { exact: true }).fill(GRACE.password);
    await guest.getByRole("button", { name: "Sign in", exact: true }).click();
    // Back where the way out began.
    await guest.getByText("People are the admins' to manage").waitFor();
  });

  await step("what one person prefers is there in another browser", async () => {
    await guest.goto(`${base}/me`);
    await guest.getByRole("button", { name: "Another", exact: true }).click();
    const kept = guest.waitForResponse((answer) => answer.url().endsWith("/preferences") && answer.ok());
    await guest.getByLabel("Find a time zone").fill("tokyo");
    await guest.getByRole("option", { name: /Tokyo/ }).click();
    await kept;
    const keptToo = guest.waitForResponse((answer) => answer.url().endsWith("/preferences") && answer.ok());
    await guest.getByRole("button", { name: "Dark", exact: true }).click();
    await keptToo;
    await browser.mustBeAccessible(guest);
    const other = await browser.open();
    await other.goto(`${base}/sign-in?next=%2Fme`);
    await signIn(other, GRACE);
    await other.getByRole("banner").getByText("UTC+09:00").waitFor();
    await other.locator(':root[data-mantine-color-scheme="dark"]').waitFor();
    await other.context().close();
  });

  let secret;
  await step("a token may what its scope says, and nothing once it is revoked", async () => {
    await page.goto(`${base}/people?show=tokens`);
    await page.getByRole("button", { name: "New token" }).click();
    const panel = page.getByRole("complementary", { name: "New token" });
    await panel.getByLabel("Name", { exact: true }).fill("notebook");
    await panel.getByRole("checkbox", { name: /^Devices/ }).check();
    await browser.mustBeAccessible(page);
    await panel.getByRole("button", { name: "Make the token" }).click();
    secret = await panel.locator("code").innerText();
    await panel.getByText(/^curl -H /).waitFor();
    await browser.mustBeAccessible(page);
    const ask = async (path) =>
      (await fetch(`${base}/api/v1/${path}`, { headers: { authorization: `Bearer ${secret}` } })).status;
    assert.equal(await ask("modems"), 200);
    assert.equal(await ask("messages"), 403, "a token for devices may read messages");
    await panel.getByRole("button", { name: "Close" }).click();
    await options(page, "Tokens").filter({ hasText: "notebook" }).click();
    const token = page.getByRole("complementary", { name: "Token", exact: true });
    await token.getByRole("button", { name: "Revoke", exact: true }).click();
    await token.getByText(/are refused from now on/).waitFor();
    await token.getByRole("button", { name: "Revoke notebook" }).click();
    await token.waitFor({ state: "detached" });
    assert.equal(await ask("modems"), 401, "a revoked token is heard");
  });

  await step("the audit log tells it in words, and finds it by person", async () => {
    await page.getByRole("button", { name: "Audit log" }).click();
    await options(page, "Audit log").filter({ hasText: "revoked a token" }).first().waitFor();
    await page.getByLabel("By whom").fill(GRACE.name);
    await page.getByLabel("By whom").press("Enter");
    await options(page, "Audit log").filter({ hasText: ADA.name }).first().waitFor({ state: "detached" });
    await options(page, "Audit log").filter({ hasText: "signed in" }).first().click();
    const entry = page.getByRole("complementary", { name: "Entry" });
    await entry.getByText("session.begin").waitFor();
    await browser.mustBeAccessible(page);
    await page.keyboard.press("Escape");
    await entry.waitFor({ state: "detached" });
  });

  await step("who is disabled is signed out, and cannot come back", async () => {
    await page.getByRole("button", { name: "People", exact: true }).click();
    await options(page, "People").filter({ hasText: GRACE.name }).click();
    const panel = page.getByRole("complementary", { name: "Person" });
    await panel.getByRole("button", { name: "Disable", exact: true }).click();
    await panel.getByText(/is signed out everywhere/).waitFor();
    await panel.getByRole("button", { name: `Disable ${GRACE.name}` }).click();
    await part(panel, "About").getByText("Disabled").waitFor();
    await page.keyboard.press("Escape");
    await guest.goto(`${base}/me`);
    await signIn(guest, GRACE);
    await guest.getByRole("alert").waitFor();
    assert.equal(new URL(guest.url()).pathname, "/sign-in");
  });

  const storageState = await page.context().storageState();
  const phone = await browser.open({ ...phoneOptions, storageState, colorScheme: "dark" });
  await step("all of it fits a phone", async () => {
    for (const path of ["/people", "/people?open=new", "/people?show=tokens&open=new", "/people?show=audit"]) {
      await phone.goto(base + path);
      await phone.getByRole("button", { name: "Audit log" }).waitFor({ state: "attached" });
      await mustFit(phone);
      await browser.mustBeAccessible(phone);
    }
    for (const path of ["/me", "/welcome", "/system?checks=all"]) {
      await phone.goto(base + path);
      await phone.getByRole("heading").nth(1).waitFor();
      await mustFit(phone);
      await browser.mustBeAccessible(phone);
    }
    await phone.context().close();
  });
}

export async function signOut(page) {
  await page.getByRole("button", { name: "You, look and sign-out" }).click();
  await page.getByRole("menuitem", { name: "Sign out" }).click();
  await page.getByLabel("Link or token").waitFor();
}

async function signIn(page, { name, password }) {
  await page.getByLabel("Name", { exact: true }).fill(name);
  await page.getByLabel("Password", { exact: true }).fill(password);
  await page.getByRole("button", { name: "Sign in", exact: true }).click();
}

function region(page, name) {
  return page.getByRole("region", { name });
}
