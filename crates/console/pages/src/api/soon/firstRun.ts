// The JSON of what the description of the API does not have yet.
import type { Time, Trust } from "../types";

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
