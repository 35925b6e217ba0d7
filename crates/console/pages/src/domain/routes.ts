// Routes as people read and write them: a sentence, what is wrong with one, and what the server is asked for.
import type { DeviceKind, DeviceRef } from "../registry/apiTypes";
import type {
  Area,
  AreaIs,
  Comparison,
  Condition,
  Corner,
  Format,
  NewRoute,
  Route,
  RouteMessage,
  RouteSource,
} from "../routes/apiTypes";
import { t } from "../text/text";
import { coordinates } from "./coordinates";
import { exactSpan } from "./orders";

export const MESSAGES: readonly RouteMessage[] = ["position", "command", "text", "other"];
export const FORMATS: readonly Format[] = ["json", "geojson", "original"];
export const AREA_IS: readonly AreaIs[] = ["inside", "outside", "entered", "left"];
export const COMPARISONS: readonly Comparison[] = ["below", "above", "equals", "differs", "present", "absent"];
export const SOURCES = ["any", "kind", "group", "device"] as const;
/** Seconds after which a position is too old to be sent to a device. */
export const LIVES: readonly number[] = [600, 1800, 3600, 21_600, 86_400];
const LIVES_USUAL = 1800;
export const CONDITIONS_MOST = 10;
const CORNERS_MOST = 200;
const NAME_MOST = 64;

/** Words that are used for triggers, to begin from. */
export const TRIGGERS = ["ROUTINE", "BURST", "ALERT", "ALERT_CANCEL", "CHECK_IN"] as const;
/** Stands around what is emphasised in a sentence; nobody types it. */
export const STRONG = "\u2063";
const strong = (text: string) => STRONG + text.replaceAll(STRONG, "") + STRONG;
/** The sentence without emphasis. */
export const plain = (sentence: string) => sentence.replaceAll(STRONG, "");

const km = (metres: number) =>
  metres < 1000
    ? t("route.metres", { n: Math.round(metres) })
    : t("route.kilometres", { n: String(Math.round(metres / 10) / 100) });

function areaWords(area: Area): string {
  if (area.type === "circle") {
    return t("route.circle", {
      radius: km(area.radius_m),
      at: coordinates(area.latitude, area.longitude, "decimal"),
    });
  }
  return t("route.polygon", { n: area.corners.length });
}

export function conditionWords(condition: Condition): string {
  switch (condition.type) {
    case "area":
      return t(`route.if_area.${condition.is}`, { area: areaWords(condition.area) });
    case "battery_below":
      return t("route.if_battery", { volts: String(condition.volts) });
    case "trigger":
      return t("route.if_trigger", { words: condition.any_of.join(` ${t("route.or")} `) });
    case "field":
      return t(`route.if_field.${condition.compares}`, {
        field: condition.field,
        value: String(condition.value ?? ""),
      });
  }
}

/** What is said of a list: "a, b and c". */
function listed(words: string[]): string {
  const last = words.at(-1) ?? "";
  return words.length < 2 ? last : `${words.slice(0, -1).join(", ")} ${t("route.and")} ${last}`;
}

export function messagesWords(messages: readonly RouteMessage[]): string {
  if (messages.length === MESSAGES.length) return t("route.all_messages");
  const words = listed(MESSAGES.filter((one) => messages.includes(one)).map((one) => t(`route.message.${one}`)));
  return words.charAt(0).toUpperCase() + words.slice(1);
}

function sourceWords(source: RouteSource, name: string): string {
  if (source.type === "any") return t("route.from_any");
  if (source.type === "kind") return t(`route.from_kind.${source.kind}`);
  return source.type === "group" ? t("route.from_group", { name }) : name;
}

type Told = Pick<
  Route,
  "source" | "source_name" | "messages" | "conditions" | "target_device" | "target_endpoint" | "format"
>;

/** Whose messages go where and as what; what it is about stands between `STRONG`. */
export function routeSentence(route: Told): string {
  const { target_endpoint: endpoint, target_device: device } = route;
  const what = messagesWords(route.messages);
  const whose = strong(sourceWords(route.source, route.source_name));
  if (endpoint === null) {
    const target = device ? strong(device.name) : "…";
    return t("route.sentence_device", { what, whose, target });
  }
  const target = t(`route.to.${endpoint.kind}`, { name: strong(endpoint.name) });
  if (route.format === null) return t("route.sentence", { what, whose, target });
  return t("route.sentence_as", { what, whose, target, format: t(`route.format.${route.format}`) });
}

/** Under which conditions; empty where there are none. */
export function conditionsSentence(conditions: readonly Condition[]): string {
  if (conditions.length === 0) return "";
  return t("route.if", { conditions: listed(conditions.map(conditionWords)) });
}

/** Whether a filter's words are all in what a route says of itself. */
export function routeFits(route: Route, text: string): boolean {
  const said = `${plain(routeSentence(route))} ${conditionsSentence(route.conditions)} ${route.name}`.toLowerCase();
  return text
    .toLowerCase()
    .split(/\s+/)
    .every((word) => said.includes(word));
}

export type ConditionDraft = { key: number } & (
  | {
      type: "area";
      is: AreaIs;
      shape: Area["type"];
      latitude: string;
      longitude: string;
      /** Kilometres. */
      radius: string;
      /** A corner a line: latitude, longitude. */
      corners: string;
    }
  | { type: "battery_below"; volts: string }
  | { type: "trigger"; words: string }
  | { type: "field"; field: string; compares: Comparison; value: string }
);
export type ConditionKind = Condition["type"];
export const CONDITION_KINDS: readonly ConditionKind[] = ["area", "battery_below", "trigger", "field"];

export interface RouteDraft {
  name: string;
  enabled: boolean;
  from: (typeof SOURCES)[number];
  fromKind: DeviceKind;
  fromGroup: { id: string; name: string } | null;
  fromDevice: DeviceRef | null;
  messages: RouteMessage[];
  conditions: ConditionDraft[];
  to: "endpoint" | "device";
  endpoint: { id: string; kind: NonNullable<Route["target_endpoint"]>["kind"]; name: string } | null;
  device: DeviceRef | null;
  format: Format;
  lives_s: number;
}

export const emptyDraft = (): RouteDraft => ({
  name: "",
  enabled: true,
  from: "any",
  fromKind: "buoy",
  fromGroup: null,
  fromDevice: null,
  messages: ["position"],
  conditions: [],
  to: "endpoint",
  endpoint: null,
  device: null,
  format: "json",
  lives_s: LIVES_USUAL,
});

export function emptyCondition(type: ConditionKind, key: number): ConditionDraft {
  switch (type) {
    case "area":
      return {
        key,
        type,
        is: "inside",
        shape: "circle",
        latitude: "",
        longitude: "",
        radius: "10",
        corners: "",
      };
    case "battery_below":
      return { key, type, volts: "3.4" };
    case "trigger":
      return { key, type, words: "" };
    case "field":
      return { key, type, field: "", compares: "above", value: "" };
  }
}

const decimals = (value: number) => String(Math.round(value * 1e5) / 1e5);
export const cornersText = (corners: readonly Corner[]) =>
  corners.map(([longitude, latitude]) => `${decimals(latitude)}, ${decimals(longitude)}`).join("\n");

function conditionDraft(condition: Condition, key: number): ConditionDraft {
  switch (condition.type) {
    case "area": {
      const { area, is } = condition;
      const empty = { key, type: condition.type, is, shape: area.type, latitude: "", longitude: "", radius: "10" };
      if (area.type === "polygon") return { ...empty, corners: cornersText(area.corners) };
      const [latitude, longitude] = [decimals(area.latitude), decimals(area.longitude)];
      return { ...empty, latitude, longitude, radius: String(area.radius_m / 1000), corners: "" };
    }
    case "battery_below":
      return { key, type: condition.type, volts: String(condition.volts) };
    case "trigger":
      return { key, type: condition.type, words: condition.any_of.join(", ") };
    case "field": {
      const { type, field, compares, value } = condition;
      return { key, type, field, compares, value: value === undefined || value === null ? "" : String(value) };
    }
  }
}

/** What a form for a change begins with. */
export function draftOf(route: Route, kindOfSource: DeviceKind | null): RouteDraft {
  const { source, source_name: name } = route;
  return {
    ...emptyDraft(),
    name: route.name,
    enabled: route.enabled,
    from: source.type,
    fromKind: source.type === "kind" ? source.kind : "buoy",
    fromGroup: source.type === "group" ? { id: source.id, name } : null,
    fromDevice: source.type === "device" ? { id: source.id, name, kind: kindOfSource ?? "buoy" } : null,
    messages: route.messages,
    conditions: route.conditions.map(conditionDraft),
    to: route.target.type,
    endpoint: route.target_endpoint,
    device: route.target_device,
    format: route.format ?? "json",
    lives_s: route.lives_s,
  };
}

/** A number as people type it; null where it is none. */
export function typedNumber(text: string): number | null {
  const typed = text.trim().replace("−", "-").replace(",", ".");
  return /^-?\d{1,9}(\.\d+)?$/.test(typed) ? Number(typed) : null;
}

/** Corners that were typed or drawn; null where a line is none. */
export function typedCorners(text: string): Corner[] | null {
  const corners: Corner[] = [];
  for (const line of text.split("\n").filter((one) => one.trim() !== "")) {
    const [latitude, longitude, more] = line
      .split(/\s*[,;\t]\s*|\s+/)
      .filter(Boolean)
      .map(typedNumber);
    if (latitude == null || longitude == null || more !== undefined) return null;
    if (Math.abs(latitude) > 90 || Math.abs(longitude) > 180) return null;
    corners.push([longitude, latitude]);
  }
  return corners;
}

/** A value of a message as it was typed: true and false, a number, or a word. */
function typedValue(text: string): unknown {
  const typed = text.trim();
  if (typed === "true" || typed === "false") return typed === "true";
  return /^-?\d+(\.\d+)?$/.test(typed) ? Number(typed) : typed;
}

export const hasValue = (compares: Comparison) => compares !== "present" && compares !== "absent";

type AreaDraft = Extract<ConditionDraft, { type: "area" }>;

function areaFault({ shape, latitude, longitude, radius, corners }: AreaDraft): string | null {
  if (shape === "polygon") {
    const typed = typedCorners(corners);
    if (typed === null) return t("route.fault_corner");
    return typed.length < 3 || typed.length > CORNERS_MOST ? t("route.fault_corners", { most: CORNERS_MOST }) : null;
  }
  const [north, east, far] = [typedNumber(latitude), typedNumber(longitude), typedNumber(radius)];
  if (north === null || east === null || Math.abs(north) > 90 || Math.abs(east) > 180) return t("route.fault_middle");
  return far === null || far <= 0 ? t("route.fault_radius") : null;
}

/** Why a condition cannot be as it is; null where it can. */
export function conditionFault(condition: ConditionDraft): string | null {
  switch (condition.type) {
    case "area":
      return areaFault(condition);
    case "battery_below": {
      const volts = typedNumber(condition.volts);
      return volts === null || volts <= 0 ? t("route.fault_volts") : null;
    }
    case "trigger":
      return triggerWords(condition.words).length === 0 ? t("route.fault_trigger") : null;
    case "field": {
      if (condition.field.trim() === "") return t("route.fault_field");
      if (!hasValue(condition.compares)) return null;
      const value = typedValue(condition.value);
      if (value === "") return t("route.fault_value");
      const ordered = condition.compares === "below" || condition.compares === "above";
      return ordered && typeof value !== "number" ? t("route.fault_number") : null;
    }
  }
}

function triggerWords(text: string): string[] {
  return text.split(/[\s,;]+/).filter(Boolean);
}

/** The condition that was typed; only where nothing is wrong with it. */
export function conditionOf(condition: ConditionDraft): Condition {
  switch (condition.type) {
    case "area": {
      const { type, is } = condition;
      if (condition.shape === "polygon") {
        return { type, is, area: { type: "polygon", corners: typedCorners(condition.corners) ?? [] } };
      }
      const [latitude, longitude] = [typedNumber(condition.latitude) ?? 0, typedNumber(condition.longitude) ?? 0];
      const radius_m = Math.round((typedNumber(condition.radius) ?? 0) * 1000);
      return { type, is, area: { type: "circle", latitude, longitude, radius_m } };
    }
    case "battery_below":
      return { type: condition.type, volts: typedNumber(condition.volts) ?? 0 };
    case "trigger":
      return { type: condition.type, any_of: triggerWords(condition.words) };
    case "field": {
      const { type, compares } = condition;
      const field = condition.field.trim();
      return hasValue(compares)
        ? { type, field, compares, value: typedValue(condition.value) }
        : { type, field, compares };
    }
  }
}

/** Whose kind is known where a draft's messages come from; null where they may come from several. */
export function sourceKind({ from, fromKind, fromDevice }: RouteDraft): DeviceKind | null {
  if (from === "kind") return fromKind;
  return from === "device" ? (fromDevice?.kind ?? null) : null;
}

/** Why messages of a kind never come from devices of a kind; null where they may. */
export function messageRefusal(source: DeviceKind | null, message: RouteMessage): string | null {
  if (source === null) return null;
  if (message === "command" && source === "buoy") return t("route.no_commands");
  if (message === "text" && source !== "rockstar") return t("route.no_texts");
  return null;
}

/** Why devices of a kind cannot be the target of a draft; null where they can. */
export function targetRefusal(draft: RouteDraft, target: DeviceKind): string | null {
  if (draft.from === "any") return t("route.costs_all");
  if (sourceKind(draft) === target) return t(`route.same_kind.${target}`);
  if (target === "buoy" && draft.from === "kind") return t("route.steers_kind");
  const takes: RouteMessage = target === "buoy" ? "command" : "position";
  const only = draft.messages.length === 1 && draft.messages[0] === takes;
  return only ? null : t(`route.takes.${target}`);
}

export interface RouteFlaws {
  source: string | null;
  messages: string | null;
  conditions: (string | null)[];
  target: string | null;
  name: string | null;
}

function sourceFault({ from, fromGroup, fromDevice }: RouteDraft): string | null {
  if (from === "group" && fromGroup === null) return t("route.fault_group");
  return from === "device" && fromDevice === null ? t("route.fault_device") : null;
}

function targetFault(draft: RouteDraft): string | null {
  if (draft.to === "endpoint") return draft.endpoint === null ? t("route.fault_endpoint") : null;
  if (draft.device === null) return t("route.fault_target");
  if (draft.from === "device" && draft.fromDevice?.id === draft.device.id) return t("route.fault_itself");
  return targetRefusal(draft, draft.device.kind);
}

/** Everything that is wrong with a draft, at once. */
export function routeFlaws(draft: RouteDraft): RouteFlaws {
  const refused = draft.messages.map((one) => messageRefusal(sourceKind(draft), one)).find(Boolean);
  return {
    source: sourceFault(draft),
    messages: draft.messages.length === 0 ? t("route.fault_messages") : (refused ?? null),
    conditions: draft.conditions.map(conditionFault),
    target: targetFault(draft),
    name: Array.from(draft.name.trim()).length > NAME_MOST ? t("route.fault_name", { most: NAME_MOST }) : null,
  };
}

export function isFlawless({ conditions, ...rest }: RouteFlaws): boolean {
  return [...conditions, ...Object.values(rest)].every((flaw) => flaw === null);
}

function sourceOf({ from, fromKind, fromGroup, fromDevice }: RouteDraft): RouteSource {
  if (from === "kind") return { type: from, kind: fromKind };
  if (from === "group") return { type: from, id: fromGroup?.id ?? "" };
  return from === "device" ? { type: from, id: fromDevice?.id ?? "" } : { type: "any" };
}

/** What the server is asked for; only of a draft without flaws. */
export function wishOf(draft: RouteDraft): NewRoute {
  const toDevice = draft.to === "device";
  return {
    name: draft.name.trim(),
    enabled: draft.enabled,
    source: sourceOf(draft),
    messages: MESSAGES.filter((one) => draft.messages.includes(one)),
    conditions: draft.conditions.map(conditionOf),
    target: toDevice
      ? { type: "device", id: draft.device?.id ?? "" }
      : { type: "endpoint", id: draft.endpoint?.id ?? "" },
    ...(toDevice ? { lives_s: draft.lives_s } : { format: draft.format }),
  };
}

/** The sentence of a draft, with gaps where nothing is chosen yet. */
export function draftSentence(draft: RouteDraft): { sentence: string; conditions: string } {
  const name = draft.from === "group" ? (draft.fromGroup?.name ?? "…") : (draft.fromDevice?.name ?? "…");
  const said = {
    source: sourceOf(draft),
    source_name: name,
    messages: draft.messages,
    conditions: [],
    target_device: null,
    target_endpoint: null,
    format: draft.format,
  };
  const sentence =
    draft.to === "device"
      ? routeSentence({ ...said, target_device: draft.device })
      : draft.endpoint === null
        ? t("route.sentence", {
            what: messagesWords(draft.messages),
            whose: strong(sourceWords(said.source, name)),
            target: "…",
          })
        : routeSentence({ ...said, target_endpoint: draft.endpoint });
  const sound = draft.conditions.filter((one) => conditionFault(one) === null);
  return { sentence, conditions: conditionsSentence(sound.map(conditionOf)) };
}

export type RouteField = "source" | "messages" | "conditions" | "target" | "name";
const ABOUT: [RouteField, RegExp][] = [
  ["conditions", /\bconditions?\b/i],
  ["name", /\broute's name\b/i],
  ["target", /\b(targets?|endpoint|deliver\w*|is told|is not told|steered|credits|lives)\b/i],
  ["source", /\b(source|group|device)\b/i],
  ["messages", /\bkinds? of message\b/i],
];

export interface ToldFlaws {
  at: Partial<Record<RouteField, string>>;
  /** By the condition's place. */
  conditions: ReadonlyMap<number, string>;
  /** What is about none of them. */
  rest: string[];
}

/** The server's sentences by the field that each is about. */
export function flawsByField(sentences: readonly string[]): ToldFlaws {
  const at: ToldFlaws["at"] = {};
  const conditions = new Map<number, string>();
  const rest: string[] = [];
  for (const sentence of sentences) {
    const [, number, what] = /^Condition (\d+): (.*)$/s.exec(sentence) ?? [];
    const field = ABOUT.find(([, pattern]) => pattern.test(sentence))?.[0];
    if (number !== undefined && what !== undefined) {
      const place = Number(number) - 1;
      conditions.set(place, [conditions.get(place), what].filter(Boolean).join(" "));
    } else if (field === undefined) rest.push(sentence);
    else at[field] = [at[field], sentence].filter(Boolean).join(" ");
  }
  return { at, conditions, rest };
}

/** How many messages a day come from devices with these rhythms. */
export function messagesADay(intervals_s: readonly number[]): number {
  return Math.round(intervals_s.reduce((sum, seconds) => sum + (seconds > 0 ? 86_400 / seconds : 0), 0));
}

export const livesWords = (seconds: number) => exactSpan(seconds);
