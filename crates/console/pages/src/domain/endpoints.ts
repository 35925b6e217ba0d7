// Endpoints as people fill them in: what is wrong, what the server is asked for, and how a receiver verifies.
import type { Endpoint, EndpointConfig, EndpointKind, NewEndpoint } from "../routes/apiTypes";
import { t } from "../text/text";

export const ENDPOINT_KINDS: readonly EndpointKind[] = ["webhook", "sqs", "amqp", "mqtt"];
const NAME_MOST = 64;

const SCHEMES: Record<EndpointKind, readonly string[]> = {
  webhook: ["https:", "http:"],
  sqs: ["https:", "http:"],
  amqp: ["amqp:", "amqps:"],
  mqtt: ["mqtt:", "mqtts:"],
};

/** What a person has filled in; each kind takes what is its own. */
export interface EndpointDraft {
  kind: EndpointKind;
  name: string;
  enabled: boolean;
  url: string;
  concurrency: string;
  timeout_s: string;
  region: string;
  exchange: string;
  routing_key: string;
  mandatory: boolean;
  topic: string;
  qos: number;
  retain: boolean;
  discovery: boolean;
  discovery_prefix: string;
  username: string;
  password: string;
}

export const emptyEndpoint = (kind: EndpointKind): EndpointDraft => ({
  kind,
  name: "",
  enabled: true,
  url: "",
  concurrency: "8",
  timeout_s: "30",
  region: "",
  exchange: "",
  routing_key: "fairlead.{kind}.{device}",
  mandatory: true,
  topic: "fairlead/{kind}/{device}",
  qos: 1,
  retain: true,
  discovery: false,
  discovery_prefix: "homeassistant",
  username: "",
  password: "",
});

/** What a form for a change begins with. Secrets are never told, so their fields are empty. */
export function endpointDraft({ name, enabled, config, username }: Endpoint): EndpointDraft {
  const begin = { ...emptyEndpoint(config.kind), name, enabled, url: config.url, username: username ?? "" };
  switch (config.kind) {
    case "webhook":
      return { ...begin, concurrency: String(config.concurrency), timeout_s: String(config.timeout_s) };
    case "sqs":
      return { ...begin, region: config.region ?? "" };
    case "amqp":
      return { ...begin, exchange: config.exchange, routing_key: config.routing_key, mandatory: config.mandatory };
    case "mqtt": {
      const { topic, qos, retain, discovery_prefix: prefix } = config;
      const discovery = prefix !== null;
      return { ...begin, topic, qos, retain, discovery, discovery_prefix: prefix ?? begin.discovery_prefix };
    }
  }
}

export type EndpointField =
  | "name"
  | "url"
  | "concurrency"
  | "timeout_s"
  | "region"
  | "exchange"
  | "routing_key"
  | "topic"
  | "discovery_prefix"
  | "username"
  | "password";
type Flaws = Partial<Record<EndpointField, string>>;

function urlFault(kind: EndpointKind, text: string): string | null {
  const typed = text.trim();
  if (typed === "") return t("endpoint.fault_url");
  const schemes = SCHEMES[kind];
  if (!schemes.some((scheme) => typed.toLowerCase().startsWith(`${scheme}//`))) {
    return t("endpoint.fault_scheme", { schemes: schemes.map((scheme) => `${scheme}//`).join(` ${t("route.or")} `) });
  }
  // Browsers differ in what they make of other schemes.
  const url = URL.parse(typed.replace(/^[a-z]+:/i, "https:"));
  if (url === null || url.hostname === "") return t("endpoint.fault_url_bad");
  if (url.username !== "" || url.password !== "") return t("endpoint.fault_url_secret");
  if (kind === "sqs" && !/^\/[^/]+\/[^/]+$/.test(url.pathname)) return t("endpoint.fault_sqs");
  return null;
}

function numberFault(text: string, least: number, most: number): string | null {
  const value = /^\s*\d{1,6}\s*$/.test(text) ? Number(text) : null;
  return value === null || value < least || value > most ? t("endpoint.fault_range", { least, most }) : null;
}

function ownFlaws(draft: EndpointDraft): [EndpointField, string | null][] {
  switch (draft.kind) {
    case "webhook":
      return [
        ["concurrency", numberFault(draft.concurrency, 1, 64)],
        ["timeout_s", numberFault(draft.timeout_s, 1, 60)],
      ];
    case "sqs":
      return [];
    case "amqp":
      return [["exchange", draft.exchange.trim() === "" ? t("endpoint.fault_exchange") : null]];
    case "mqtt":
      return [
        ["topic", draft.topic.trim() === "" || /[+#]/.test(draft.topic) ? t("endpoint.fault_topic") : null],
        [
          "discovery_prefix",
          draft.discovery && draft.discovery_prefix.trim() === "" ? t("endpoint.fault_prefix") : null,
        ],
      ];
  }
}

/** Everything that is wrong with a draft, by its field, at once; `kept` where a password is set that may stay. */
export function endpointFlaws(draft: EndpointDraft, kept: boolean): Flaws {
  const name = Array.from(draft.name.trim());
  const nameFault =
    name.length === 0
      ? t("endpoint.fault_name")
      : name.length > NAME_MOST
        ? t("endpoint.fault_name_long", { most: NAME_MOST })
        : null;
  const alone = (draft.username.trim() !== "") !== (draft.password !== "" || kept);
  const found: [EndpointField, string | null][] = [
    ["name", nameFault],
    ["url", urlFault(draft.kind, draft.url)],
    ...ownFlaws(draft),
    ["password", draft.kind === "sqs" && alone ? t("endpoint.fault_pair") : null],
  ];
  return Object.fromEntries(found.filter(([, fault]) => fault !== null));
}

function configOf(draft: EndpointDraft): EndpointConfig {
  const url = draft.url.trim();
  const { kind } = draft;
  switch (kind) {
    case "webhook":
      return { kind, url, concurrency: Number(draft.concurrency), timeout_s: Number(draft.timeout_s) };
    case "sqs":
      return { kind, url, region: draft.region.trim() || null };
    case "amqp": {
      const { mandatory } = draft;
      return { kind, url, exchange: draft.exchange.trim(), routing_key: draft.routing_key.trim(), mandatory };
    }
    case "mqtt": {
      const { qos, retain } = draft;
      const discovery_prefix = draft.discovery ? draft.discovery_prefix.trim() : null;
      return { kind, url, topic: draft.topic.trim(), qos, retain, discovery_prefix };
    }
  }
}

/** What the server is asked for; secrets only where one was typed. */
export function endpointWish(draft: EndpointDraft, before: Endpoint | null): NewEndpoint {
  const { kind, enabled, password } = draft;
  const username = draft.username.trim();
  const wish: NewEndpoint = { name: draft.name.trim(), enabled, config: configOf(draft) };
  const changed = password !== "" || username !== (before?.username ?? "");
  if (kind === "webhook" || !changed) return wish;
  // What is not said stays. A name that was cleared takes its password along.
  const cleared = username === "" && (before?.username ?? "") !== "";
  return {
    ...wish,
    secrets: {
      ...(username === "" && !cleared ? {} : { username }),
      ...(password === "" && !cleared ? {} : { password }),
    },
  };
}

const ABOUT: [EndpointField, RegExp][] = [
  ["url", /\baddress\b/i],
  ["password", /\b(password|secret)\b/i],
  ["username", /\b(user|user name|access key)\b/i],
  ["concurrency", /\b(at a time|concurrency|requests)\b/i],
  ["timeout_s", /\b(seconds?|answered?|timeout\w*)\b/i],
  ["region", /\bregion\b/i],
  ["routing_key", /\b(routing key|key)\b/i],
  ["exchange", /\bexchange\b/i],
  ["discovery_prefix", /\b(discovery|prefix|home assistant)\b/i],
  ["topic", /\btopic\b/i],
  ["url", /\b(url|host|https?|scheme|broker|queue|port)\b/i],
  ["name", /\b(name|named|called)\b/i],
];

/** The server's sentences by the field that each is about; what is about none of this kind's stands at the form. */
export function endpointByField(sentences: readonly string[], fields: ReadonlySet<EndpointField>) {
  const at: Flaws = {};
  const rest: string[] = [];
  for (const sentence of sentences) {
    const field = ABOUT.find(([one, pattern]) => fields.has(one) && pattern.test(sentence))?.[0];
    if (field === undefined) rest.push(sentence);
    else at[field] = at[field] === undefined ? sentence : `${at[field]} ${sentence}`;
  }
  return { at, rest };
}

const COMMON = ["name", "url"] as const;
export const FIELDS: Record<EndpointKind, ReadonlySet<EndpointField>> = {
  webhook: new Set([...COMMON, "concurrency", "timeout_s"]),
  sqs: new Set([...COMMON, "region", "username", "password"]),
  amqp: new Set([...COMMON, "exchange", "routing_key", "username", "password"]),
  mqtt: new Set([...COMMON, "topic", "discovery_prefix", "username", "password"]),
};

export const LANGUAGES = ["Python", "JavaScript"] as const;
export type Language = (typeof LANGUAGES)[number];

/** What verifies a delivery at the receiver, with nothing but what the language has. */
export const VERIFY: Record<Language, string> = {
  Python: `import base64, hashlib, hmac, time

def verify(secret: str, headers: dict, body: bytes) -> bool:
    if abs(time.time() - int(headers["webhook-timestamp"])) > 300:
        return False
    key = base64.b64decode(secret.removeprefix("whsec_"))
    signed = f'{headers["webhook-id"]}.{headers["webhook-timestamp"]}.'.encode() + body
    digest = hmac.new(key, signed, hashlib.sha256).digest()
    want = "v1," + base64.b64encode(digest).decode()
    return any(hmac.compare_digest(want, one) for one in headers["webhook-signature"].split())
`,
  JavaScript: `import { createHmac, timingSafeEqual } from "node:crypto";

export function verify(secret, headers, body) {
  const time = headers["webhook-timestamp"];
  if (Math.abs(Date.now() / 1000 - Number(time)) > 300) return false;
  const key = Buffer.from(secret.replace(/^whsec_/, ""), "base64");
  const mac = createHmac("sha256", key).update(\`\${headers["webhook-id"]}.\${time}.\`).update(body);
  const want = Buffer.from(\`v1,\${mac.digest("base64")}\`);
  return headers["webhook-signature"].split(" ").some((one) => {
    const given = Buffer.from(one);
    return given.length === want.length && timingSafeEqual(given, want);
  });
}
`,
};
