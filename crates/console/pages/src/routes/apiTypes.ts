// The JSON of routes, endpoints, deliveries, budgets, schedules and imports, as the API describes it.
import type { Mt, Order, Problem, Time } from "../api/types";
import type { DeviceKind, DeviceRef } from "../registry/apiTypes";

export type RouteSource =
  | { type: "device"; id: string }
  | { type: "group"; id: string }
  | { type: "kind"; kind: DeviceKind }
  | { type: "any" };

export type RouteMessage = "position" | "command" | "text" | "other";
export type AreaIs = "inside" | "outside" | "entered" | "left";
export type Comparison = "below" | "above" | "equals" | "differs" | "present" | "absent";

/** Longitude and latitude, as in GeoJSON. */
export type Corner = [longitude: number, latitude: number];

export type Area =
  | { type: "circle"; latitude: number; longitude: number; radius_m: number }
  | { type: "polygon"; corners: Corner[] };

export type Condition =
  | { type: "area"; is: AreaIs; area: Area }
  | { type: "battery_below"; volts: number }
  | { type: "trigger"; any_of: string[] }
  | { type: "field"; field: string; compares: Comparison; value?: unknown };

export type RouteTarget = { type: "device"; id: string } | { type: "endpoint"; id: string };
export type Format = "original" | "json" | "geojson";

export interface NewRoute {
  name: string;
  enabled: boolean;
  source: RouteSource;
  messages: RouteMessage[];
  conditions: Condition[];
  target: RouteTarget;
  format?: Format | null;
  lives_s?: number | null;
}

export interface Route {
  id: string;
  number: number;
  name: string;
  enabled: boolean;
  source: RouteSource;
  source_name: string;
  messages: RouteMessage[];
  conditions: Condition[];
  target: RouteTarget;
  target_device: DeviceRef | null;
  target_endpoint: EndpointRef | null;
  format: Format | null;
  lives_s: number;
  created_at: Time;
  created_by: string;
  changed_at: Time;
  waiting: number;
  delivered_at: Time | null;
}

/** What a route would write. */
export interface Preview {
  /** Null where no real message fits and an example was taken. */
  message_id: string | null;
  passes: boolean;
  reason: string | null;
  content_type: string;
  body: string;
}

export type EndpointKind = "webhook" | "sqs" | "amqp" | "mqtt";

export interface EndpointRef {
  id: string;
  kind: EndpointKind;
  name: string;
}

export type EndpointConfig =
  | { kind: "webhook"; url: string; concurrency: number; timeout_s: number }
  | { kind: "sqs"; url: string; region: string | null }
  | { kind: "amqp"; url: string; exchange: string; routing_key: string; mandatory: boolean }
  | { kind: "mqtt"; url: string; topic: string; qos: number; retain: boolean; discovery_prefix: string | null };

export interface NewEndpoint {
  name: string;
  enabled: boolean;
  config: EndpointConfig;
  /** Where they are left out in a change, those that are there stay. */
  secrets?: { username?: string; password?: string };
}

export type EndpointHealth = "new" | "good" | "failing" | "off" | "disabled";

export interface SigningKey {
  number: number;
  /** Its first characters. */
  hint: string;
  created_at: Time;
}

export interface Endpoint {
  id: string;
  kind: EndpointKind;
  name: string;
  number: number | null;
  enabled: boolean;
  config: EndpointConfig;
  username: string | null;
  has_password: boolean;
  signing_keys: SigningKey[];
  health: EndpointHealth;
  failure: string | null;
  failing_since: Time | null;
  next_try_at: Time | null;
  delivered_at: Time | null;
  waiting: number;
  routes: number;
  created_at: Time;
  created_by: string;
  changed_at: Time;
}

/** The only time that a signing secret is told. */
export interface EndpointMade {
  endpoint: Endpoint;
  signing_secret: string | null;
}

export type DeliveryState = "waiting" | "delivered" | "failed" | "expired" | "superseded" | "discarded";

export interface Delivery {
  id: string;
  route_id: string | null;
  endpoint: EndpointRef | null;
  target_device: DeviceRef | null;
  message_id: string | null;
  /** Whose message it is, by its name then. */
  device: string;
  device_id: string | null;
  state: DeliveryState;
  cause: string;
  attempts: number;
  created_at: Time;
  tried_at: Time | null;
  next_try_at: Time | null;
  settled_at: Time | null;
  status: number | null;
  mt_id: string | null;
}

export interface DeliveryDetail {
  delivery: Delivery;
  format: string;
  content_type: string;
  body: string;
  response: string | null;
}

export type BudgetScope =
  | { type: "account"; name: string }
  | { type: "group"; id: string }
  | { type: "device"; id: string };
export type BudgetPeriod = "day" | "month";

export interface NewBudget {
  scope: BudgetScope;
  period: BudgetPeriod;
  credits: number;
  warn_percent?: number | null;
}

export interface Budget {
  id: string;
  scope: BudgetScope;
  scope_name: string;
  period: BudgetPeriod;
  credits: number;
  warn_percent: number;
  spent: number;
  left: number;
  renews_at: Time;
  created_at: Time;
  created_by: string;
}

export type Audience = { type: "device"; id: string } | { type: "group"; id: string };
export type Weekday = "monday" | "tuesday" | "wednesday" | "thursday" | "friday" | "saturday" | "sunday";

export interface NewSchedule {
  name: string;
  enabled: boolean;
  audience: Audience;
  order: Order;
  days: Weekday[];
  /** `HH:MM`. */
  at: string;
  time_zone: string;
}

export interface Schedule extends NewSchedule {
  id: string;
  audience_name: string;
  next_at: Time | null;
  last_at: Time | null;
  last_result: string | null;
  created_by: string;
}

/** What of the live line's news this build's description of the API does not name yet. */
export type RouteNews =
  | { type: "endpoint"; endpoint: Endpoint }
  | { type: "endpoint_gone"; id: string }
  | { type: "outgoing"; mt: Mt }
  | { type: "problem"; problem: Problem };
