// A running `fairlead demo`: started, read for its link, ended for its verdict.
import { spawn } from "node:child_process";
import { descendants, freePort, needed, ShapeFailed, within } from "./ground.mjs";

/** Seconds of the world in one real second: every buoy speaks every few seconds, and still none is late for it. */
const SPEED = 120;
const STARTS_WITHIN_MS = 180_000;
const ENDS_WITHIN_MS = 60_000;

export class Demo {
  constructor(folder, shape) {
    this.folder = folder;
    this.shape = shape;
    this.said = "";
    this.errors = "";
  }

  /** Starts it, and resolves to the link once the past has been told. */
  async start() {
    const listen = `127.0.0.1:${await freePort()}`;
    this.process = spawn(needed("FAIRLEAD_BIN"), ["demo", "--listen", listen, "--speed", SPEED, ...this.shape], {
      cwd: this.folder,
      // Queues of its own, on a broker that others may use.
      env: { ...process.env, TMPDIR: this.folder, FAIRLEAD__BUS__PREFIX: `fairlead-e2e-${process.pid}` },
      stdio: ["ignore", "pipe", "pipe"],
    });
    this.ended = new Promise((resolve, reject) => {
      this.process.once("error", reject);
      this.process.once("close", (code, signal) => resolve(code ?? signal));
    });
    this.ended.catch(() => {});
    this.process.stdout.setEncoding("utf8").on("data", (text) => {
      this.said += text;
    });
    const linked = new Promise((resolve) => {
      this.process.stderr.setEncoding("utf8").on("data", (text) => {
        this.errors += text;
        const link = /^\s*(http:\S+\/sign-in#\S+)\s/m.exec(this.errors);
        if (link) resolve(link[1]);
      });
    });
    await within(Promise.race([linked, this.ended]), STARTS_WITHIN_MS);
    const link = await Promise.race([linked, Promise.resolve(null)]);
    if (link === null) throw this.failure("it printed no sign-in link");
    return link;
  }

  /** Ends it as Ctrl-C would, and looks at the verdict. */
  async finish() {
    this.process.kill("SIGTERM");
    if (!(await within(this.ended, ENDS_WITHIN_MS))) throw this.failure("it did not end");
    const code = await this.ended;
    if (code !== 0) throw this.failure(`it ended with ${code}`);
    if (!/^passed$/m.test(this.said)) throw this.failure("its ledger does not say `passed`");
  }

  /** Ends it in any case, with what it started. */
  async kill() {
    const child = this.process;
    if (!child?.pid || child.exitCode !== null || child.signalCode !== null) return;
    child.kill("SIGTERM");
    if (await within(this.ended, ENDS_WITHIN_MS)) return;
    const all = [child.pid, ...(await descendants(child.pid))];
    for (const pid of all) {
      try {
        process.kill(pid, "SIGKILL");
      } catch {
        // It ended by itself meanwhile.
      }
    }
    await within(this.ended, 5_000);
  }

  failure(what) {
    return new ShapeFailed(`the demo: ${what}\n--- stderr\n${this.errors}\n--- stdout\n${this.said}`);
  }
}
