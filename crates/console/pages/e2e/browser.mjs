// The browser, and everything that must not happen in it: errors, broken rules, requests to anybody else.
import { mkdir, readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { join } from "node:path";
import { chromium } from "playwright-core";
import { ShapeFailed } from "./ground.mjs";

const AXE = createRequire(import.meta.url).resolve("axe-core/axe.min.js");
const WAIT_MS = 20_000;
/** The one refusal that the test provokes; browsers report any refusal as an error. */
const EXPECTED = /status of 401/;

export class Browser {
  static async launch(executablePath) {
    const root = process.getuid?.() === 0;
    const browser = await chromium.launch({
      executablePath,
      // A sandbox is refused to root, and /dev/shm is small in containers.
      args: [...(root ? ["--no-sandbox"] : []), "--disable-dev-shm-usage"],
      handleSIGINT: false,
      handleSIGTERM: false,
      handleSIGHUP: false,
    });
    return new Browser(browser);
  }

  constructor(browser) {
    this.browser = browser;
    this.faults = [];
    this.pages = [];
  }

  /** A new window, with nobody or somebody signed in, that watches what happens in it. */
  async open(options) {
    const context = await this.browser.newContext({
      viewport: { width: 1440, height: 900 },
      colorScheme: "light",
      reducedMotion: "reduce",
      ...options,
    });
    context.setDefaultTimeout(WAIT_MS);
    context.on("console", (message) => {
      const expected = EXPECTED.test(message.text()) && message.location().url.endsWith("/api/v1/session");
      if (["error", "warning"].includes(message.type()) && !expected) this.faults.push(`console: ${message.text()}`);
    });
    context.on("weberror", (failed) => this.faults.push(`page: ${failed.error()}`));
    context.on("request", (request) => this.mustBeLocal(request.url()));
    context.on("response", (response) => {
      if (response.status() >= 500) this.faults.push(`${response.status()} from ${response.url()}`);
    });
    await context.addInitScript(() => {
      document.addEventListener("securitypolicyviolation", (broken) => {
        console.error(`policy: ${broken.violatedDirective} by ${broken.blockedURI}`);
      });
    });
    const page = await context.newPage();
    page.on("websocket", (socket) => this.mustBeLocal(socket.url()));
    this.pages.push(page);
    return page;
  }

  mustBeLocal(address) {
    const { hostname, protocol } = new URL(address);
    if (hostname !== "127.0.0.1" && protocol !== "data:" && protocol !== "blob:") {
      this.faults.push(`a request left the machine: ${address}`);
    }
  }

  /** Fails where something happened that must not. */
  mustBeFaultless() {
    if (this.faults.length > 0) throw new ShapeFailed(`in the browser:\n  ${this.faults.join("\n  ")}`);
  }

  /** Fails where a person who sees or moves differently would be kept out. */
  async mustBeAccessible(page) {
    // Not as a script of the page: its policy allows none but its own.
    if (!(await page.evaluate(() => "axe" in window))) await page.evaluate(await source());
    const { violations } = await page.evaluate(() => window.axe.run(document, { resultTypes: ["violations"] }));
    const grave = violations.filter(({ impact }) => impact === "serious" || impact === "critical");
    if (grave.length === 0) return;
    const lines = grave.map(({ id, help, nodes }) => {
      const where = nodes.slice(0, 3).map((node) => `${node.target.join(" ")}: ${node.failureSummary}`);
      return `${id}: ${help}\n    ${where.join("\n    ")}`;
    });
    throw new ShapeFailed(`accessibility at ${page.url()}:\n  ${lines.join("\n  ")}`);
  }

  /** Keeps what is on the screen, for the person who looks into a failure. */
  async keepPictures(folder) {
    await mkdir(folder, { recursive: true });
    for (const [i, page] of this.pages.entries()) {
      if (page.isClosed()) continue;
      const path = join(folder, `${i}.png`);
      await page.screenshot({ path }).then(
        () => console.error(`  see   ${path}`),
        () => {},
      );
    }
  }

  async close() {
    await this.browser.close();
  }
}

let axe;
async function source() {
  axe ??= await readFile(AXE, "utf8");
  return axe;
}
