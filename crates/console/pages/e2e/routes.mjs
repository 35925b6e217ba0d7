// Routes: what the demo passes on, an endpoint and a route of one's own, a delivery that fails and is made again.
import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { createServer } from "node:http";
import { mustFit, options, part, tab } from "./page.mjs";

/** The demo's own, as it names them. */
const DEMO = { route: "All positions", endpoint: "Positions", dead: "Unplugged" };
const MINE = { endpoint: "Own receiver", route: "To the own receiver", schedule: "Night rhythm" };

/** The demo's buoys speak every few seconds. */
const ARRIVES_WITHIN_MS = 60_000;
const REASON = "The receiver is looked at.";

const panel = (page, name) => page.getByRole("complementary", { name, exact: true });

/** A webhook's receiver that believes only what is signed, and can be broken. */
class Receiver {
  constructor() {
    this.secret = null;
    this.status = 200;
    this.heard = [];
  }

  async start() {
    this.server = createServer((request, answer) => {
      const chunks = [];
      request.on("data", (chunk) => chunks.push(chunk));
      request.on("end", () => {
        const body = Buffer.concat(chunks);
        this.heard.push({ id: request.headers["webhook-id"], proven: this.proves(request.headers, body), body });
        answer.writeHead(this.status, { "content-type": "text/plain" });
        answer.end(this.status === 200 ? "taken" : "broken on purpose");
      });
    });
    await new Promise((resolve) => this.server.listen(0, "127.0.0.1", resolve));
    return `http://127.0.0.1:${this.server.address().port}/hook`;
  }

  /** By Standard Webhooks, as the pages show it to whoever writes a receiver. */
  proves(headers, body) {
    if (this.secret === null) return false;
    const key = Buffer.from(this.secret.replace(/^whsec_/, ""), "base64");
    const signed = `${headers["webhook-id"]}.${headers["webhook-timestamp"]}.`;
    const want = `v1,${createHmac("sha256", key).update(signed).update(body).digest("base64")}`;
    return headers["webhook-signature"].split(" ").includes(want);
  }

  async hears(what) {
    const until = Date.now() + ARRIVES_WITHIN_MS;
    while (!this.heard.some(what)) {
      assert.ok(Date.now() < until, `the receiver did not hear it: ${this.heard.length} heard`);
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }

  close() {
    this.server.closeAllConnections();
    this.server.close();
  }
}

/** Needs an admin's session, and a demo that passes messages on. */
export async function routes(browser, page, step) {
  const base = new URL(page.url()).origin;
  const receiver = new Receiver();
  const url = await receiver.start();
  try {
    await lookAround(browser, page, step);
    await makeEndpoint(browser, page, step, { receiver, url, base });
    await makeRoute(browser, page, step, { receiver, base });
    await breakIt(browser, page, step, { receiver, base });
    await putAway(browser, page, step, base);
  } finally {
    receiver.close();
  }
  await plans(browser, page, step, base);
}

async function lookAround(browser, page, step) {
  await step("the demo's routes read as sentences, and search finds one", async () => {
    await tab(page, "Routes");
    const route = options(page, "Routes").filter({ hasText: DEMO.route });
    await route.getByText("Positions of all buoys → webhook Positions as JSON").waitFor();
    await browser.mustBeAccessible(page);
    await page.getByLabel("Search routes").fill("nothing of this name");
    await page.getByText("No route matches").waitFor();
    await page.getByLabel("Search routes").fill("night watch");
    await route.waitFor({ state: "detached" });
    await options(page, "Routes").first().waitFor();
    await page.getByLabel("Search routes").fill("");
    await route.click();
    await panel(page, "Route").getByText("Positions of all buoys").waitFor();
    await browser.mustBeAccessible(page);
  });

  await step("an endpoint that is dead says so, and is tried again by itself", async () => {
    await page.getByRole("button", { name: "Endpoints", exact: true }).click();
    const dead = options(page, "Endpoints").filter({ hasText: DEMO.dead });
    await dead.getByText(/Failing|Disabled/).waitFor({ timeout: ARRIVES_WITHIN_MS });
    await options(page, "Endpoints").filter({ hasText: DEMO.endpoint }).getByText("Good", { exact: true }).waitFor();
    await dead.click();
    await panel(page, "Endpoint").getByText("How it is reached").waitFor();
    await browser.mustBeAccessible(page);
    await page.keyboard.press("Escape");
  });

  await step("a delivery shows what was sent and what was answered", async () => {
    await page.getByRole("button", { name: "Deliveries", exact: true }).click();
    await page.getByLabel("State", { exact: true }).selectOption("delivered");
    await page.getByLabel("Endpoint", { exact: true }).selectOption(DEMO.endpoint);
    await options(page, "Deliveries").first().click();
    const about = panel(page, "Delivery");
    await part(about, "What was sent").getByText("latitude", { exact: false }).waitFor();
    await about.getByText("HTTP status").waitFor();
    await browser.mustBeAccessible(page);
    await about.getByRole("link", { name: "Open it" }).first().click();
    const message = panel(page, "Message");
    await part(message, "Where it went").getByRole("link", { name: DEMO.endpoint }).waitFor();
    await browser.mustBeAccessible(page);
  });
}

async function makeEndpoint(browser, page, step, { receiver, url, base }) {
  const form = panel(page, "New endpoint");

  await step("what is missing of an endpoint is said at once, each at its field", async () => {
    await page.goto(`${base}/endpoints?open=new`);
    await form.getByRole("button", { name: "Make the endpoint" }).click();
    await form.getByText("Give it a name.").waitFor();
    await form.getByText("Give an address.").waitFor();
    await browser.mustBeAccessible(page);
    await form.getByRole("button", { name: "AWS queue" }).click();
    await form.getByLabel("Queue's address").fill("https://sqs.eu-central-1.amazonaws.com/");
    await form.getByLabel("Access key id (optional)").fill("AKIDEXAMPLE");
    await form.getByText("This is no address of a queue", { exact: false }).waitFor();
    await form.getByText("Both or neither: a key id, and its secret.").waitFor();
    await form.getByRole("button", { name: "MQTT" }).click();
    await form.getByText("It begins with mqtt:// or mqtts://.").waitFor();
    await form.getByLabel("Tell Home Assistant of the devices").check();
    await form.getByLabel("Prefix that Home Assistant looks under").waitFor();
    await browser.mustBeAccessible(page);
  });

  await step("a webhook is made, its secret is shown once, and a test proves it", async () => {
    await form.getByRole("button", { name: "Webhook" }).click();
    await form.getByLabel("Name", { exact: true }).fill(MINE.endpoint);
    await form.getByLabel("Address", { exact: true }).fill(url);
    await form.getByRole("button", { name: "Make the endpoint" }).click();
    await form.getByText(`${MINE.endpoint} is made.`).waitFor();
    receiver.secret = await form.locator("code").first().innerText();
    assert.match(receiver.secret, /^whsec_\S{24,}$/);
    await form.getByText("How the receiver verifies it").first().waitFor();
    await form.getByRole("button", { name: "Deliver a test" }).click();
    await form.getByText("It was taken.").waitFor();
    await receiver.hears(({ proven }) => proven);
    await browser.mustBeAccessible(page);
    await form.getByRole("button", { name: `Open ${MINE.endpoint}` }).click();
    const about = panel(page, "Endpoint");
    await about.getByText("Secret 1").waitFor();
    assert.equal(await about.locator("code").count(), 0, "the secret is shown a second time");
  });
}

async function makeRoute(browser, page, step, { receiver, base }) {
  await step(
    "a route is put together, refusals give their reason, and a preview shows what it would write",
    async () => {
      await page.goto(`${base}/routes`);
      await page.getByRole("button", { name: "New route" }).click();
      await page.getByRole("button", { name: "Make the route" }).click();
      await page.getByText("Choose an endpoint.").waitFor();
      await page.getByRole("button", { name: "A kind" }).click();
      await page.getByRole("button", { name: "A device, by satellite" }).click();
      await page.getByText("A buoy cannot target another buoy.").waitFor();
      assert.ok(await page.getByLabel("Commands", { exact: false }).isDisabled(), "buoys are said to send commands");
      await browser.mustBeAccessible(page);
      await page.getByRole("button", { name: "An endpoint", exact: true }).click();
      await page.getByRole("radio", { name: MINE.endpoint }).check();
      const sentence = page.locator("header p").filter({ hasText: "→" });
      await sentence.filter({ hasText: `Positions of all buoys → webhook ${MINE.endpoint} as JSON` }).waitFor();
      const preview = page.getByRole("region", { name: "What it would write" });
      await preview.getByText("It would be passed on", { exact: true }).waitFor();
      await preview.getByText('"latitude"', { exact: false }).waitFor();
      await browser.mustBeAccessible(page);
    },
  );

  await step("conditions join the sentence, and an area is drawn on the map", async () => {
    await page.getByRole("button", { name: "Battery", exact: true }).click();
    await page.getByLabel("Below, V").fill("9.9");
    await page.getByText("if battery below 9.9 V", { exact: false }).first().waitFor();
    await page.getByRole("button", { name: "Area", exact: true }).click();
    const map = page.locator(".leaflet-container");
    await map.click({ position: { x: 200, y: 120 } });
    await page.waitForFunction(() => document.querySelectorAll(".leaflet-interactive").length >= 2);
    assert.match(await page.getByLabel("Latitude, °").inputValue(), /^-?\d+(\.\d+)?$/);
    await page
      .getByText(/inside [\d.]+ km around/)
      .first()
      .waitFor();
    await browser.mustBeAccessible(page);
    await page.getByRole("button", { name: "Take this condition away" }).last().click();
    await page.getByLabel("Name", { exact: true }).fill(MINE.route);
    await page.getByRole("button", { name: "Make the route" }).click();
    await panel(page, "Route").getByText("if battery below 9.9 V", { exact: false }).waitFor();
  });

  await step("the next position arrives, signed, and its delivery shows by itself", async () => {
    await panel(page, "Route").getByRole("link", { name: "Its deliveries" }).click();
    await receiver.hears(({ proven, body }) => proven && body.includes("latitude"));
    await options(page, "Deliveries").filter({ hasText: "Delivered" }).first().waitFor();
    await browser.mustBeAccessible(page);
  });
}

async function breakIt(browser, page, step, { receiver, base }) {
  await step("a receiver that breaks is said to fail, and what waits is kept", async () => {
    receiver.status = 500;
    await page.goto(`${base}/deliveries?state=waiting`);
    await page.getByLabel("Endpoint", { exact: true }).selectOption(MINE.endpoint);
    await options(page, "Deliveries").first().waitFor({ timeout: ARRIVES_WITHIN_MS });
    await options(page, "Deliveries").last().click();
    await part(panel(page, "Delivery"), "What was answered").getByText("broken on purpose").waitFor();
    await browser.mustBeAccessible(page);
  });

  await step("once it is repaired, what waits is delivered again, with the same id", async () => {
    const id = new URL(page.url()).searchParams.get("open");
    receiver.status = 200;
    const about = panel(page, "Delivery");
    await about.getByRole("button", { name: /^(Try now|Deliver again)$/ }).click();
    await about.getByLabel("Reason").fill(REASON);
    await about.getByRole("button", { name: "Deliver it again" }).click();
    await about.getByText("Delivered", { exact: true }).first().waitFor({ timeout: ARRIVES_WITHIN_MS });
    const tries = receiver.heard.filter((one) => one.id === id);
    assert.ok(tries.length > 1, "it was not sent again with its id");
    await browser.mustBeAccessible(page);
  });
}

async function putAway(browser, page, step, base) {
  await step("an endpoint that a route needs is not deleted, and is switched off with a reason", async () => {
    await page.goto(`${base}/endpoints`);
    await options(page, "Endpoints").filter({ hasText: MINE.endpoint }).click();
    const about = panel(page, "Endpoint");
    await about.getByText("1 route delivers to it.", { exact: false }).waitFor();
    assert.ok(await about.getByRole("button", { name: "Delete" }).isDisabled(), "it can be deleted");
    await about.getByRole("button", { name: "Switch off" }).click();
    await about.getByLabel("Reason").fill(REASON);
    await about.getByRole("button", { name: "Switch off" }).click();
    await about.getByText("Off", { exact: true }).first().waitFor();
    await browser.mustBeAccessible(page);
  });

  await step("a route is switched off, and deleted", async () => {
    await page.goto(`${base}/routes`);
    await options(page, "Routes").filter({ hasText: MINE.route }).click();
    const about = panel(page, "Route");
    await about.getByRole("button", { name: "Switch off" }).click();
    await about.getByRole("button", { name: "Switch on" }).waitFor();
    await about.getByRole("button", { name: "Delete" }).click();
    await about.getByRole("button", { name: "Delete the route" }).click();
    await options(page, "Routes").filter({ hasText: MINE.route }).waitFor({ state: "detached" });
  });
}

async function plans(browser, page, step, base) {
  await step("a budget is made, and shows what is spent of it", async () => {
    await page.goto(`${base}/outgoing?show=budgets&open=new`);
    const form = panel(page, "New budget");
    await form.getByRole("button", { name: "Make the budget" }).click();
    await form.getByText("A whole number from 0 to 1,000,000,000.").waitFor();
    await form.getByRole("button", { name: "A group" }).click();
    await form.getByLabel("Group", { exact: true }).selectOption({ index: 1 });
    await form.getByLabel("Credits").fill("5000");
    await form.getByRole("button", { name: "Make the budget" }).click();
    await panel(page, "Budget").getByText("In bounds").waitFor();
    await browser.mustBeAccessible(page);
  });

  await step("a schedule is made, switched off, and deleted", async () => {
    await page.goto(`${base}/outgoing?show=schedules&open=new`);
    const form = panel(page, "New schedule");
    await form.getByRole("button", { name: "Make the schedule" }).click();
    await form.getByText("Give it a name of at most 64 characters.").waitFor();
    await form.getByText("Choose a group.").waitFor();
    await form.getByText("Say what they are told.").waitFor();
    await browser.mustBeAccessible(page);
    await form.getByLabel("Name", { exact: true }).fill(MINE.schedule);
    await form.getByLabel("Group", { exact: true }).selectOption({ index: 1 });
    await form.getByLabel("Minutes").fill("60");
    await form.getByLabel("At", { exact: true }).fill("22:00");
    await form.getByLabel("Time zone").fill("Europe/Rome");
    await form.getByRole("button", { name: "Make the schedule" }).click();
    const about = panel(page, "Schedule");
    await about.getByText("every day, 22:00 Europe/Rome").waitFor();
    await about.getByRole("button", { name: "Switch off" }).click();
    await about.getByRole("button", { name: "Switch on" }).waitFor();
    await browser.mustBeAccessible(page);
    await about.getByRole("button", { name: "Delete" }).click();
    await about.getByRole("button", { name: "Delete the schedule" }).click();
    await options(page, "Schedules").filter({ hasText: MINE.schedule }).waitFor({ state: "detached" });
  });

  await step("what would come of a file is shown before anything is imported", async () => {
    await page.goto(`${base}/import`);
    const csv = "Date Time (UTC),Device,Direction,Payload\nyesterday,9999,MO,zz\n";
    const file = { name: "messages.csv", mimeType: "text/csv", buffer: Buffer.from(csv) };
    await page.locator("input[type=file]").setInputFiles(file);
    await page.getByRole("heading", { name: "Rows that were not understood" }).waitFor();
    await page.getByText("There is no new message in it.").waitFor();
    await browser.mustBeAccessible(page);
  });
}

/** The same pages in a hand. */
export async function routesOnPhone(browser, phone) {
  const base = new URL(phone.url()).origin;
  const views = ["routes", "routes?open=new", "endpoints", "endpoints?open=new", "deliveries"];
  const plans = ["outgoing?show=schedules", "outgoing?show=schedules&open=new", "outgoing?show=budgets", "import"];
  for (const view of [...views, ...plans]) {
    await phone.goto(`${base}/${view}`);
    await phone.locator("[role=option], form, h1, main p").first().waitFor();
    await mustFit(phone);
    await browser.mustBeAccessible(phone);
  }
}
