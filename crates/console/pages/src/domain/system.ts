// What of the system needs a person, in words, and in the order in which to do it.
import type { Check, Service, System } from "../api/soon/system";
import { t } from "../text/text";
import { span } from "./time";

export interface Attention {
  /** Whether something stands still for it; otherwise it can wait. */
  grave: boolean;
  /** The check that says so, where one does. */
  check: string | null;
  what: string;
  advice: string | null;
  /** The processes that say so. */
  where: string[];
}

/** Work that waits longer than this, in real seconds, is stuck. */
const STUCK_S = 300;

const SERVICES = ["intake", "tracker", "courier", "hub", "console"] as const;

/** What systemd calls a process. */
function unit(services: readonly string[]): string {
  return services.length === 1 ? `fairlead-${services[0]}` : "fairlead";
}

function lines({ store, bus }: System): Attention[] {
  const found: Attention[] = [];
  const { schema, wanted_schema: wants } = store;
  if (!store.reachable) {
    found.push({ grave: true, check: null, what: t("system.no_store"), advice: t("system.no_store_do"), where: [] });
  } else if (wants !== null && schema !== wants) {
    const what = t("system.old_schema", { has: schema ?? "–", wants });
    found.push({ grave: true, check: null, what, advice: t("system.old_schema_do"), where: [] });
  }
  if (!bus.reachable) {
    found.push({
      grave: true,
      check: null,
      what: bus.reason ?? t("system.no_bus"),
      advice: t("system.no_bus_do"),
      where: [],
    });
  }
  return found;
}

function standing(service: Service, now: number, speed: number): Attention[] {
  const { process, services, seen_at, silent, ready, checks } = service;
  if (silent) {
    const real = (now - Date.parse(seen_at)) / 1000 / speed;
    const what = t("system.is_silent", { process, span: span(real) });
    return [{ grave: true, check: null, what, advice: t("system.is_silent_do", { unit: unit(services) }), where: [] }];
  }
  if (ready || checks.some((check) => !check.ok && check.essential)) return [];
  const advice = t("system.not_ready_do", { unit: unit(services) });
  return [{ grave: true, check: null, what: t("system.not_ready", { process }), advice, where: [] }];
}

function missing({ services }: System): Attention[] {
  if (services.length === 0) return [];
  const there = new Set(services.flatMap((process) => process.services));
  return SERVICES.filter((name) => !there.has(name)).map((name) => ({
    grave: true,
    check: null,
    what: t(`system.missing.${name}`),
    advice: t("system.missing_do", { unit: unit([name]) }),
    where: [],
  }));
}

/** The checks of a process and what doctor says of its machine; a process that is silent says nothing any more. */
export function looks({ silent, checks, findings }: Service): Check[] {
  return silent ? [] : [...checks, ...findings];
}

/** What processes say is not well, once each, with all that say it. */
function unwell(system: System): Attention[] {
  const said = new Map<string, Attention>();
  const add = (check: Check, where: string | null) => {
    // Said already, of the whole.
    if (check.ok || (check.name === "store" && !system.store.reachable)) return;
    if (check.name === "bus" && !system.bus.reachable) return;
    const { name, reason, essential, advice } = check;
    const known = said.get(`${name} ${reason}`);
    const entry = known ?? { grave: essential, check: name, what: reason, advice: advice ?? null, where: [] };
    if (where !== null && !entry.where.includes(where)) entry.where.push(where);
    said.set(`${name} ${reason}`, entry);
  };
  for (const service of system.services) for (const check of looks(service)) add(check, service.process);
  // Without a store there are no reports; what this one process sees is still known.
  if (system.services.length === 0) for (const check of system.checks) add(check, null);
  return [...said.values()];
}

function stuck({ queues, speed }: System): Attention[] {
  return queues
    .filter((queue) => queue.oldest_age_s / speed > STUCK_S)
    .map(({ name, oldest_age_s }) => ({
      grave: false,
      check: null,
      what: t("system.stuck", { span: span(oldest_age_s), queue: `\`${name}\`` }),
      advice: t("system.stuck_do"),
      where: [],
    }));
}

/** All that needs a person, what stands still first. */
export function attention(system: System): Attention[] {
  const now = Date.parse(system.now);
  const all = [
    ...lines(system),
    ...system.services.flatMap((service) => standing(service, now, system.speed)),
    ...missing(system),
    ...unwell(system),
    ...stuck(system),
  ];
  return all.sort((a, b) => Number(b.grave) - Number(a.grave));
}

/** `734 MB`. */
export function size(bytes: number): string {
  if (bytes < 1e6) return t("size.kilobytes", { n: Math.ceil(bytes / 1e3) });
  if (bytes < 1e9) return t("size.megabytes", { n: Math.round(bytes / 1e6) });
  return t("size.gigabytes", { n: (bytes / 1e9).toFixed(1) });
}
