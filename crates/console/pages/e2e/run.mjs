// Tries the whole application as a person would: `fairlead demo` in a real browser, in both of its shapes.
//
// From the environment: FAIRLEAD_BIN and CHROMIUM, the programs; FAIRLEAD_TEST_MYSQL_URL and FAIRLEAD_TEST_AMQP_URL,
// the servers of the separate shape. `npm run e2e -- embedded` runs one shape alone.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Browser } from "./browser.mjs";
import { Database } from "./database.mjs";
import { Demo } from "./demo.mjs";
import { needed, ShapeFailed } from "./ground.mjs";
import { journey } from "./journey.mjs";

/** Where temporary folders belong. */
const TEMPORARY = tmpdir();

/** Seconds that one shape may take, start and end included. */
const PATIENCE_S = 480;

const SHAPES = {
  async embedded(folder) {
    return { demo: new Demo(folder, []), expects: { store: /SQLite/, bus: /In this process/ }, end: async () => {} };
  },
  async separate(folder) {
    const [mysql, amqp] = [needed("FAIRLEAD_TEST_MYSQL_URL"), needed("FAIRLEAD_TEST_AMQP_URL")];
    const database = await Database.create(mysql);
    const demo = new Demo(folder, ["--mysql", database.url, "--amqp", amqp]);
    return { demo, expects: { store: /MySQL/, bus: /RabbitMQ/ }, end: () => database.drop() };
  },
};

/** Everything that is running, so that it can be ended in every case; the last one started ends first. */
const running = [];

async function endAll() {
  for (let end = running.pop(); end; end = running.pop()) {
    await end().catch((error) => console.error(`could not be ended: ${error.message}`));
  }
}

async function perform(name) {
  console.log(`\n${name}`);
  const folder = await mkdtemp(join(TEMPORARY, "fairlead-e2e-"));
  running.push(() => rm(folder, { recursive: true, force: true, maxRetries: 5 }));
  // The browser's own files too.
  process.env.TMPDIR = folder;
  const shape = await SHAPES[name](folder);
  running.push(shape.end, () => shape.demo.kill());
  const began = Date.now();
  const link = await shape.demo.start();
  console.log(`  ok    the demo invites (${((Date.now() - began) / 1000).toFixed(1)} s)`);
  const browser = await Browser.launch(needed("CHROMIUM"));
  running.push(() => browser.close());
  try {
    await journey(browser, link, shape.expects);
  } catch (error) {
    await browser.keepPictures(join(TEMPORARY, `fairlead-e2e-${name}-failed`));
    throw error;
  }
  await browser.close();
  await shape.demo.finish();
  console.log(`  ok    the ledger's verdict is "passed" (${((Date.now() - began) / 1000).toFixed(1)} s in all)`);
}

async function main() {
  const named = process.argv.slice(2);
  const unknown = named.find((name) => !(name in SHAPES));
  if (unknown !== undefined) throw new ShapeFailed(`\`${unknown}\` is no shape: ${Object.keys(SHAPES).join(", ")}`);
  for (const name of named.length > 0 ? named : Object.keys(SHAPES)) {
    let timer;
    const late = new Promise((_, reject) => {
      timer = setTimeout(() => reject(new ShapeFailed(`not done after ${PATIENCE_S} s`)), PATIENCE_S * 1000);
    });
    try {
      await Promise.race([perform(name), late]);
    } finally {
      clearTimeout(timer);
      await endAll();
    }
  }
}

for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) {
  process.once(signal, () => void endAll().finally(() => process.exit(1)));
}
main().then(
  () => process.exit(0),
  (error) => {
    console.error(`\nFAILED: ${error instanceof ShapeFailed ? error.message : (error.stack ?? error)}`);
    process.exit(1);
  },
);
