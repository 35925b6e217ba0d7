// What every part of the test stands on: its environment, free ports, processes that end.
import { readdir, readFile } from "node:fs/promises";
import { createServer } from "node:net";

/** A failure that a sentence tells whole. */
export class ShapeFailed extends Error {}

/** A variable of the environment that must be there. */
export function needed(name) {
  const value = process.env[name];
  if (!value) throw new ShapeFailed(`${name} is not set: run this through \`cargo xtask test --only browser\``);
  return value;
}

/** A port that nobody listens on. */
export function freePort() {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}

/** Resolves to whether `promise` settled within a time. */
export function within(promise, milliseconds) {
  let timer;
  const late = new Promise((resolve) => {
    timer = setTimeout(() => resolve(false), milliseconds);
  });
  return Promise.race([
    promise.then(
      () => true,
      () => true,
    ),
    late,
  ]).finally(() => clearTimeout(timer));
}

/** The processes that a process started, and those that they started. */
export async function descendants(pid) {
  const children = new Map();
  for (const name of await readdir("/proc").catch(() => [])) {
    if (!/^\d+$/.test(name)) continue;
    const stat = await readFile(`/proc/${name}/stat`, "utf8").catch(() => "");
    // After the name in brackets, which may hold anything: the state, then the parent.
    const parent = Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1]);
    if (parent > 0) children.set(parent, [...(children.get(parent) ?? []), Number(name)]);
  }
  const found = [];
  for (let waiting = [pid]; waiting.length > 0; ) {
    const next = waiting.flatMap((one) => children.get(one) ?? []);
    found.push(...next);
    waiting = next;
  }
  return found;
}
