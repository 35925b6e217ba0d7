// What a device says on its line, folded into what is known of it; and the orders that it takes. Pure.
//
// A device sends one JSON object a text: a state of several values after every order, and else one value under a path
// such as `wifi/net/ip`. It writes them by putting texts together, so a value with a quotation mark is no JSON any
// more, and truths come as Python prints them.

/** A value as a device tells it; what is nested is kept as its JSON. */
export type Value = string | number | boolean | null;

export interface Told {
  value: Value;
  /** When, in milliseconds. */
  at: number;
  /** Told before this page was there, at `at` or earlier. */
  earlier?: true;
}

/** Something that the device says in words. */
export interface Remark {
  kind: "info" | "error";
  text: string;
  at: number;
}

/** What takes the device some time. */
export type Task = "wifi" | "hal" | "scan";

export interface Bench {
  /** The newest value of every path. */
  told: ReadonlyMap<string, Told>;
  /** The newest last, at most `REMARKS_KEPT`. */
  remarks: readonly Remark[];
  /** What the device is at, since when. */
  task: { name: Task; since: number } | null;
  /** When each task was finished last. */
  done: Readonly<Partial<Record<Task, number>>>;
  /** The app that the next reset starts, where one was chosen. */
  next: string | null;
  /** The app that had been chosen when the device left its line. */
  gone: string | null;
  /** When the device was heard last. */
  heard: number | null;
  /** Texts that were no JSON. */
  unreadable: number;
}

export const REMARKS_KEPT = 40;
/** No device has so many values; a faulty one would fill the memory. */
export const PATHS_KEPT = 400;
const PATH_MOST = 80;
const VALUE_MOST = 2_000;

export const NOTHING: Bench = {
  told: new Map(),
  remarks: [],
  task: null,
  done: {},
  next: null,
  gone: null,
  heard: null,
  unreadable: 0,
};

/** A value as it is meant: Python's `True`, `False` and `None` are no texts. */
export function meant(value: unknown): Value {
  if (value === "True") return true;
  if (value === "False") return false;
  if (value === "None") return null;
  if (value === null || typeof value === "number" || typeof value === "boolean") return value;
  const text = typeof value === "string" ? value : JSON.stringify(value);
  return text.length > VALUE_MOST ? `${text.slice(0, VALUE_MOST)}…` : text;
}

/** Yes or no, or null where that was not told: some builds say 1 for yes. */
export function flag(value: Value | undefined): boolean | null {
  if (value === true || value === 1 || value === "1") return true;
  if (value === false || value === 0 || value === "0") return false;
  return null;
}

/** A figure, also where it came as a text. */
export function figure(value: Value | undefined): number | null {
  if (typeof value === "number") return Number.isFinite(value) ? value : null;
  if (typeof value !== "string" || value.trim() === "") return null;
  const number = Number(value);
  return Number.isFinite(number) ? number : null;
}

const ONE_TEXT = /^\{\s*"([\w/.-]+)"\s*:\s*"(.*)"\s*\}$/s;
const ONE_WORD = /^\{\s*"([\w/.-]+)"\s*:\s*([\w+.-]+)\s*\}$/;

/** What a text says: values by path, and whether it was JSON. Null where nothing can be made of it. */
export function read(text: string): { values: [path: string, value: Value][]; json: boolean } | null {
  try {
    const object: unknown = JSON.parse(text);
    if (typeof object !== "object" || object === null || Array.isArray(object)) return null;
    return { values: Object.entries(object).map(([path, value]) => [path, meant(value)]), json: true };
  } catch {
    // One value that was put between quotation marks as it was, or Python's word for one.
    const [, path, value] = ONE_TEXT.exec(text.trim()) ?? ONE_WORD.exec(text.trim()) ?? [];
    if (path === undefined || value === undefined) return null;
    // Several values in one text are no longer told apart.
    if (/"\s*,\s*"[\w/.-]+"\s*:/.test(value)) return null;
    return { values: [[path, meant(value)]], json: false };
  }
}

/** How a remark of the firmware is meant; null where it is one of its own. */
export type Meaning =
  | { means: "asking_wifi" | "starting_hardware" | "scanning" | "done" | "lora_off" | "malformed" | "app_missing" }
  | { means: "switching" | "bad_app" | "no_network"; name: string };

const FIXED: Record<string, Meaning> = {
  "Querying networking...": { means: "asking_wifi" },
  "Initializing hardware...": { means: "starting_hardware" },
  "Starting network scan": { means: "scanning" },
  Done: { means: "done" },
  "LoRa not running": { means: "lora_off" },
  "Malformed Request": { means: "malformed" },
};
const NAMED: [RegExp, "switching" | "bad_app" | "no_network"][] = [
  [/^Switching to app (.+)$/s, "switching"],
  [/^(.*) not a valid app$/s, "bad_app"],
  [/^Network (.*) Not Found$/s, "no_network"],
];

export function meaning(text: string): Meaning | null {
  const trimmed = text.trim();
  const fixed = FIXED[trimmed] ?? FIXED[trimmed.replace(/\.+$/, "")] ?? FIXED[`${trimmed.replace(/\.+$/, "")}...`];
  if (fixed) return fixed;
  if (/^Bad args for app\b/.test(trimmed)) return { means: "app_missing" };
  for (const [pattern, means] of NAMED) {
    const name = pattern.exec(trimmed)?.[1];
    if (name !== undefined) return { means, name };
  }
  return null;
}

const BEGINS: Partial<Record<Meaning["means"], Task>> = {
  asking_wifi: "wifi",
  starting_hardware: "hal",
  scanning: "scan",
};

function finish(bench: Bench, name: Task, at: number): Bench {
  return { ...bench, task: bench.task?.name === name ? null : bench.task, done: { ...bench.done, [name]: at } };
}

function remarked(bench: Bench, kind: Remark["kind"], text: string, at: number): Bench {
  const next = { ...bench, remarks: [...bench.remarks, { kind, text, at }].slice(-REMARKS_KEPT) };
  const meant = kind === "info" ? meaning(text) : null;
  if (meant === null) return next;
  const begun = BEGINS[meant.means];
  if (begun) return { ...next, task: { name: begun, since: at } };
  if (meant.means === "done" && next.task !== null && next.task.name !== "scan")
    return finish(next, next.task.name, at);
  if (meant.means === "no_network" && next.task?.name === "scan") return finish(next, "scan", at);
  if (meant.means === "switching") return { ...next, next: meant.name };
  return next;
}

/** What is known after the device said a text. A text that says nothing readable changes nothing but the count. */
export function heard(bench: Bench, text: string, at: number): Bench {
  const said = read(text);
  if (said === null) return { ...bench, heard: at, unreadable: bench.unreadable + 1 };
  let next: Bench = { ...bench, heard: at, unreadable: bench.unreadable + (said.json ? 0 : 1) };
  let told: Map<string, Told> | null = null;
  for (const [path, value] of said.values) {
    if (path === "info" || path === "error") {
      next = remarked(next, path, value === null ? "" : String(value), at);
      continue;
    }
    if (path.length > PATH_MOST) continue;
    told ??= new Map(bench.told);
    if (told.has(path) || told.size < PATHS_KEPT) told.set(path, { value, at });
    if (path === "wifi/test/result") next = finish(next, "scan", at);
    if (path === "hardware_errors" && next.task?.name === "hal") next = finish(next, "hal", at);
  }
  return told === null ? next : { ...next, told };
}

/** What a page that joins is told of the past: the newest text of each kind. What went on then is over. */
export function remembered(texts: readonly string[], at: number): Bench {
  const bench = texts.reduce((known, text) => heard(known, text, at), NOTHING);
  const told = new Map([...bench.told].map(([path, one]) => [path, { ...one, earlier: true as const }]));
  return { ...bench, told, remarks: [], task: null, done: {}, next: null, unreadable: 0 };
}

/** What was remembered gives way to what was heard since. */
export function joined(past: Bench, now: Bench): Bench {
  const told = new Map(past.told);
  for (const [path, one] of now.told) {
    const before = told.get(path);
    // What is remembered has the time of its newest value alone: an equal one was heard when it was heard.
    if (before === undefined || before.at <= one.at || before.value === one.value) told.set(path, one);
  }
  return { ...now, told, heard: Math.max(past.heard ?? 0, now.heard ?? 0) || null };
}

/** The device came anew: whatever it was at, it has been started again. */
export function restarted(bench: Bench): Bench {
  return { ...bench, task: null, next: null, gone: null };
}

/** The device left: it is at nothing that this page could know, unless an app was chosen for its next start. */
export function left(bench: Bench): Bench {
  return { ...bench, task: null, next: null, gone: bench.next };
}

export const DRIVERS = ["gps", "rb", "lora"] as const;
export type Driver = (typeof DRIVERS)[number];

/** Whether a driver was set up, and whether it runs. */
export function driver(bench: Bench, name: Driver): { enabled: boolean | null; running: boolean | null } {
  return {
    enabled: flag(bench.told.get(`${name}/enabled`)?.value),
    running: flag(bench.told.get(`${name}/running`)?.value),
  };
}

/** What a person looks for first stands first; the rest by name, so that nothing moves when it comes. */
const FIRST = ["gps/location", "gps/course", "gps/signal", "rb/csq", "rb/queue", "lora/msg"];

function rank(path: string): number {
  const at = FIRST.findIndex((first) => path.startsWith(first));
  return at < 0 ? FIRST.length : at;
}

/** The values under a path, always in the same order, without those that say how the driver stands. */
export function under(bench: Bench, prefix: string): [path: string, told: Told][] {
  const own = [`${prefix}/enabled`, `${prefix}/running`];
  return [...bench.told]
    .filter(([path]) => path.startsWith(`${prefix}/`) && !own.includes(path))
    .sort(([a], [b]) => rank(a) - rank(b) || (a < b ? -1 : 1));
}

const KNOWN = /^(wifi|gps|rb|lora)\/|^(iam|dev|hardware_errors|batt\/main_v)$/;

/** Values of paths that belong to nothing that the page knows. */
export function others(bench: Bench): [path: string, told: Told][] {
  return [...bench.told].filter(([path]) => !KNOWN.test(path));
}

/** The apps that a page may switch to; the one for upgrades belongs to the upgrade. */
export const APPS = ["ota", "buoy", "handset", "irdbase", "lorabase", "lora_receiver", "lora_sender", "shell"] as const;
export type App = (typeof APPS)[number];

/** The app of support: the one that keeps a line here. */
export const SUPPORT: App = "ota";

/** Whether the device has no line any more once it runs this app. */
export function leavesTheLine(app: string): boolean {
  return app !== SUPPORT && app !== "updatepy";
}

export const LORA_MOST = 100;

/** An order as it goes to the device, and without its secrets, for eyes. */
export interface Order {
  text: string;
  shown: string;
  /** What must not be seen where the device repeats it. */
  secret?: string;
  /** The app that the next reset starts once this was handed on, where the device does not say so itself. */
  next?: string;
}

function order(verb: "GET" | "CMD", name: string, args: readonly string[], hidden?: number): Order {
  const masked = args.map((arg, i) => (i === hidden && arg !== "" ? "•••" : arg));
  return {
    text: JSON.stringify([verb, name, args]),
    shown: JSON.stringify([verb, name, masked]),
    secret: hidden === undefined ? undefined : args[hidden],
  };
}

export const ORDERS = {
  wifi: () => order("GET", "wifi", []),
  hal: () => order("CMD", "hal", []),
  reset: () => order("CMD", "reset", []),
  /** Back to the app of the device's own kind. */
  service: (kind: string): Order => ({ ...order("CMD", "service", []), next: kind }),
  start: (name: Driver) => order("CMD", `start_${name}`, []),
  stop: (name: Driver) => order("CMD", `stop_${name}`, []),
  lora: (text: string) => order("CMD", "send_lora", [text]),
  app: (name: App) => order("CMD", "switch_app", [name]),
  testNetwork: (ssid: string, password: string) => order("CMD", "test_new_sta", [ssid, password], 1),
  storeNetwork: (ssid: string, password: string) => order("CMD", "store_new_sta", [ssid, password], 1),
} as const;

/** Shortest secret that is looked for in what the device says: Wi-Fi has none below eight. */
const SECRET_LEAST = 4;

/** A text for eyes: secrets that were sent are not in it, whatever the device made of them. */
export function masked(text: string, secrets: Iterable<string>): string {
  let shown = text;
  for (const secret of secrets) {
    if (secret.length < SECRET_LEAST) continue;
    const forms = [secret, JSON.stringify(secret).slice(1, -1)];
    for (const form of forms) shown = shown.replaceAll(form, "•••");
  }
  return shown;
}

export type NetworkFault = "empty" | "long" | "short_password" | "long_password" | "control";

const bytes = (text: string) => new TextEncoder().encode(text).length;

/** What is wrong with a network's name and password, by the rules of Wi-Fi; an open network has no password. */
export function networkFault(ssid: string, password: string): NetworkFault | null {
  if (ssid === "") return "empty";
  if (bytes(ssid) > 32) return "long";
  if (/\p{Cc}/u.test(ssid + password)) return "control";
  if (password !== "" && bytes(password) < 8) return "short_password";
  return bytes(password) > 64 ? "long_password" : null;
}

/** The network that was tried last, and how that went. */
export function testResult(bench: Bench): boolean | null {
  const result = bench.told.get("wifi/test/result")?.value;
  if (result === "Success") return true;
  return result === undefined || result === null ? null : false;
}
