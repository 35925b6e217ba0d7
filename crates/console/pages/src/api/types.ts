// The JSON of the HTTP interface and of the live feed, as the server's model writes it.

export type Role = "viewer" | "operator" | "admin";
export type Trust = "unsigned" | "listed_address" | "secret_path" | "signed";
export type MessageState = "waiting" | "decoded" | "empty" | "problem" | "replaced";
export type ProblemState = "open" | "repaired" | "replayed" | "admitted" | "discarded";
export type ProblemKind =
  | "faulty_push"
  | "unreadable_text"
  | "conflicting_message"
  | "untrusted_push"
  | "no_imei"
  | "new_modem_limit"
  | "refused_command"
  | "failed_work";

export const PROBLEM_KINDS: ProblemKind[] = [
  "faulty_push",
  "unreadable_text",
  "conflicting_message",
  "untrusted_push",
  "no_imei",
  "new_modem_limit",
  "refused_command",
  "failed_work",
];
export type MtState =
  | "queued"
  | "sending"
  | "accepted"
  | "delivered"
  | "rejected"
  | "unconfirmable"
  | "failed"
  | "unknown"
  | "expired"
  | "superseded"
  | "cancelled";
export type Proof = "answer" | "beacon" | "rhythm" | "none";
export type Decision = "sent" | "send_again" | "give_up";
export type AccountState = "ready" | "paused" | "no_credentials";
export type Generation = "v2_buoy" | "v3_buoy" | "handset";
export type CreditsBy = "account" | "modem" | "day";

export const MESSAGE_STATES: MessageState[] = ["waiting", "decoded", "empty", "problem", "replaced"];
export const PROBLEM_STATES: ProblemState[] = ["open", "repaired", "replayed", "admitted", "discarded"];
export const MT_STATES: MtState[] = [
  "queued",
  "sending",
  "accepted",
  "unknown",
  "delivered",
  "rejected",
  "unconfirmable",
  "failed",
  "expired",
  "superseded",
  "cancelled",
];
export const DECISIONS: Decision[] = ["sent", "send_again", "give_up"];
export const GENERATIONS: Generation[] = ["v2_buoy", "v3_buoy", "handset"];
export const CREDITS_BY: CreditsBy[] = ["account", "modem", "day"];

/** A moment in RFC 3339. */
export type Time = string;

export interface Session {
  name: string;
  role: Role;
  csrf: string;
  expires_at: Time;
}

export interface Position {
  at: Time;
  latitude: number;
  longitude: number;
  accuracy_m: number | null;
  source: "gps" | "satellite";
  message_id: string;
  late: boolean;
}

export interface Modem {
  id: string;
  imei: string;
  serial: string | null;
  dialect: string | null;
  first_seen_at: Time;
  signed_since: Time | null;
  last_seen_at: Time | null;
  last_received_at: Time | null;
  momsn: number | null;
  fix: Position | null;
  estimate: Position | null;
  speed_m_s: number | null;
  course_deg: number | null;
  battery_v: number | null;
  interval_s: number;
  interval_source: string;
  status: string | null;
  beacon_on: boolean | null;
  expected_at: Time | null;
  late_at: Time | null;
  silent_at: Time | null;
  missing: number;
  open_problems: number;
}

export interface Message {
  id: string;
  modem_id: string | null;
  imei: string;
  momsn: number | null;
  transmitted_at: Time | null;
  transmit_time_raw: string | null;
  received_at: Time;
  trust: Trust;
  state: MessageState;
  payload_hex: string;
  payload_text: string | null;
  summary: string | null;
  marks: string[];
  replaces: string | null;
}

export interface MessageDetail {
  message: Message;
  source: {
    provider: string;
    received_at: Time;
    source_address: string | null;
    content_type: string | null;
    headers: Record<string, string> | null;
    differences: string[] | null;
    body: string;
  } | null;
  push: Record<string, unknown> | null;
  reading: Record<string, unknown> | null;
}

export interface Gap {
  first_momsn: number;
  last_momsn: number;
  count: number;
  after_at: Time | null;
  before_at: Time | null;
}

export interface Problem {
  id: string;
  kind: ProblemKind;
  title: string;
  reason: string;
  state: ProblemState;
  created_at: Time;
  changed_at: Time;
  modem_id: string | null;
  imei: string | null;
  message_id: string | null;
  held_id: string | null;
  excerpt: string | null;
}

export interface System {
  version: string;
  now: Time;
  speed: number;
  store: { kind: string; reachable: boolean; schema: string | null; wanted_schema: string | null };
  bus: { kind: string; reachable: boolean; reason: string | null };
  queues: { name: string; waiting: number; oldest_age_s: number | null }[];
  checks: { name: string; ok: boolean; reason: string | null }[];
  /** Absent while the store does not answer. */
  counts: { modems: number; messages: number; open_problems: number; held: number } | null;
}

/** What a device is told. */
export type Order =
  | { type: "beacon"; on: boolean }
  | { type: "interval"; minutes: number }
  | { type: "sleep"; seconds: number }
  | { type: "support" }
  | { type: "text"; text: string };

/** A message to a device. */
export interface Mt {
  id: string;
  modem_id: string;
  imei: string;
  account: string;
  order: Order;
  /** As the device gets it. */
  text: string;
  state: MtState;
  state_since: Time;
  cause: string;
  proof: Proof;
  created_at: Time;
  created_by: string;
  /** The handset's message that asked for it. */
  asked_by_message: string | null;
  expires_at: Time;
  next_try_at: Time | null;
  attempts: number;
  sent_at: Time | null;
  provider_id: string | null;
  /** The device's message that proved it. */
  confirmed_by: string | null;
  /** Of one sending. */
  credits: number;
}

export interface MtDetail {
  mt: Mt;
  steps: { at: Time; state: MtState; cause: string }[];
  expected_at: Time | null;
  before: number;
}

export interface Account {
  name: string;
  provider: string;
  state: AccountState;
  reason: string | null;
  paused_since: Time | null;
  waiting: number;
  unknown: number;
  /** Of this day in UTC; calls with an unknown outcome count. */
  credits_today: number;
  credits_30_days: number;
}

export interface Offer {
  kind: Order["type"];
  /** Why it cannot be told this; absent where it can. */
  refusal: string | null;
  proof: Proof;
  range: [number, number] | null;
}

export interface Downlink {
  modem_id: string;
  generation: Generation | null;
  generation_is_set: boolean;
  account: string;
  fault: string | null;
  expected_at: Time | null;
  before: number;
  /** A v3 buoy takes one message a wake. */
  wakes: number;
  offers: Offer[];
}

export interface DownlinkChange {
  generation?: Generation | null;
  account?: string | null;
  clear_fault?: boolean;
  reason: string;
}

export interface Spent {
  key: string;
  label: string;
  credits: number;
  calls: number;
}

export interface Page<T> {
  items: T[];
  next_cursor: string | null;
}

export type LiveEvent =
  | { type: "modem"; modem: Modem }
  | { type: "message"; message: Message }
  | { type: "problem"; problem: Problem }
  | { type: "outgoing"; mt: Mt }
  | { type: "account"; account: Account }
  | {
      type: "snapshot";
      now: Time;
      speed: number;
      modems: Modem[];
      more_modems: boolean;
      messages: Message[];
      problems: Problem[];
    }
  | { type: "tick"; now: Time; speed: number };
