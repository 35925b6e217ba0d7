// What devices say and are told, as people read it.
import { t, tWord } from "../text/text";
import { APPS, DRIVERS, meaning, read, type Value } from "./bench";
import type { LogLine } from "./line";

/** What a value is called; one that the catalogue does not know, by the rest of its path. */
export function valueName(path: string): string {
  const known = tWord("bench.value", path);
  return known !== path.replaceAll("_", " ") ? known : path.split("/").slice(1).join(" ").replaceAll("_", " ") || path;
}

/** A value in words. */
export function valueWords(value: Value): string {
  if (value === true) return t("value.yes");
  if (value === false) return t("value.no");
  return value === null || value === "" ? t("bench.none_value") : String(value);
}

/** An app in words, also one that no page offers. */
export function appWords(app: string): string {
  return app === "updatepy" || APPS.some((one) => one === app) ? tWord("bench.app", app) : app;
}

/** A remark of the device as a sentence; one that is its own stands as it was said. */
export function remarkWords(kind: "info" | "error", text: string): string {
  const meant = meaning(text);
  if (meant === null) return kind === "error" ? t("bench.remark.error", { text }) : text;
  return "name" in meant
    ? t(`bench.remark.${meant.means}`, { name: meant.means === "switching" ? appWords(meant.name) : meant.name })
    : t(`bench.remark.${meant.means}`);
}

/** Values that are news when they come, and not only figures in their places. */
const NEWS = ["wifi/test/result", "wifi/stored/ssid", "rb/msg", "lora/msg", "hardware_errors"];

function upWords(text: string): string | null {
  const said = read(text);
  if (said === null) return t("bench.log.unreadable", { text });
  const words = said.values.flatMap(([path, value]) => {
    if (path === "info" || path === "error") return remarkWords(path, value === null ? "" : String(value));
    return NEWS.includes(path) ? `${valueName(path)}: ${valueWords(value)}` : [];
  });
  return words.length > 0 ? words.join(" ") : null;
}

function downWords(text: string): string {
  let order: unknown;
  try {
    order = JSON.parse(text);
  } catch {
    return text;
  }
  if (!Array.isArray(order) || order.length !== 3) return text;
  const [verb, name, given]: unknown[] = order;
  const args: string[] = Array.isArray(given) ? given.map(String) : [];
  const first = args[0] ?? "";
  if (verb === "GET" && name === "wifi") return t("bench.said.wifi");
  if (verb !== "CMD") return text;
  const [way, driver] = /^(start|stop)_(\w+)$/.exec(String(name))?.slice(1) ?? [];
  const known = DRIVERS.find((one) => one === driver);
  if (known) return t(way === "start" ? "bench.said.start" : "bench.said.stop", { driver: t(`bench.driver.${known}`) });
  switch (name) {
    case "hal":
    case "reset":
    case "service":
      return t(`bench.said.${name}`);
    case "send_lora":
      return t("bench.said.send_lora", { text: first });
    case "switch_app":
      return t("bench.said.switch_app", { app: appWords(first) });
    case "test_new_sta":
    case "store_new_sta":
      return t(`bench.said.${name}`, { ssid: first });
    default:
      return text;
  }
}

const known = new WeakMap<LogLine, string | null>();

/** A line of the log in words; null where it is only values, which stand in their places. */
export function lineWords(line: LogLine): string | null {
  const before = known.get(line);
  if (before !== undefined) return before;
  const words = wordsFor(line);
  known.set(line, words);
  return words;
}

function wordsFor({ way, text }: LogLine): string | null {
  if (way === "here") return text;
  return way === "up" ? upWords(text) : downWords(text);
}
