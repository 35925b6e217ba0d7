// The JSON of what the description of the API does not have yet.
import type { System as Known, Time, Trust } from "../types";

export interface FirstRun {
  done: boolean;
  webhook_url: string;
  require_trust: string | null;
  has_secret_path: boolean | null;
  last_push: { at: Time; imei: string; trust: Trust; state: string; message_id: string } | null;
  last_held: { at: Time; imei: string | null; reason: string } | null;
  last_refusal: { at: Time; status: number; reason: string } | null;
}
export interface TestPush {
  url: string;
  status: number | null;
  took_ms: number;
  ok: boolean;
  sentence: string;
}

export interface Check {
  name: string;
  ok: boolean;
  essential: boolean;
  reason: string;
  advice: string | null;
}
export interface Service {
  process: string;
  services: string[];
  version: string;
  started_at: Time;
  seen_at: Time;
  silent: boolean;
  ready: boolean;
  checks: Check[];
  findings: Check[];
}
export interface Queue {
  name: string;
  waiting: number;
  oldest_age_s: number;
  on_broker: number | null;
}
export interface System extends Omit<Known, "checks" | "queues" | "counts" | "store"> {
  checks: Check[];
  services: Service[];
  queues: Queue[];
  counts: {
    modems: number;
    messages_last_day: number;
    messages_last_day_is_capped: boolean;
    open_problems: number;
    held: number;
  } | null;
  store: Known["store"] & { size_bytes: number | null };
}
