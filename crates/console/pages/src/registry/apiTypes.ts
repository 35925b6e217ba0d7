// The registry's and the lines' JSON, as the API describes it; each name stands for one of `schema.d.ts`.
import type { Time } from "../api/types";

export type DeviceKind = "buoy" | "handset" | "rockstar";

export interface DeviceRef {
  id: string;
  kind: DeviceKind;
  name: string;
}

export interface LinkedModem {
  id: string;
  imei: string;
  serial: string | null;
  since: Time;
}

export interface GroupRef {
  id: string;
  name: string;
}

export interface Presence {
  connected: boolean;
  since: Time;
}

export interface FirmwareSeen {
  version_id: string;
  source: string;
  revision: string;
  commit: string;
  since: Time;
}

export interface Device {
  id: string;
  kind: DeviceKind;
  number: number;
  name: string;
  serial: string | null;
  created_at: Time;
  created_by: string;
  modem: LinkedModem | null;
  groups: GroupRef[];
  has_key: boolean;
  presence: Presence | null;
  firmware: FirmwareSeen | null;
}

/** A time during which a modem was in a device. */
export interface Link {
  id: string;
  device: DeviceRef;
  modem_id: string;
  imei: string;
  since: Time;
  until: Time | null;
  linked_by: string;
  unlinked_by: string | null;
}

export interface Group {
  id: string;
  name: string;
  devices: number;
  created_at: Time;
}

/** What linking or unlinking changes. */
export interface LinkEffects {
  device: DeviceRef;
  modem: { id: string; imei: string; serial: string | null };
  since: Time;
  until?: Time | null;
  /** Messages whose owner changes. */
  messages: number;
  /** Whose they are now; absent where they are nobody's. */
  from?: DeviceRef | null;
  waiting_outgoing: number;
  done: boolean;
  warnings: string[];
}

export interface NewDevice {
  kind: DeviceKind;
  name?: string;
  modem_id?: string;
  imei?: string;
  serial?: string;
  since?: Time;
  group_ids?: string[];
}

export interface ImportRow {
  line: number;
  /** Null where it is going to be drawn. */
  name: string | null;
  /** Null where it is none. */
  kind: DeviceKind | null;
  imei: string | null;
  ok: boolean;
  errors: string[];
}

export interface Imported {
  rows: ImportRow[];
  made: number;
  done: boolean;
}

export interface Registration {
  open_until?: Time | null;
  opened_by?: string | null;
  secret_set: boolean;
}

/** A device that wanted a line and was refused. */
export interface Knock {
  name: string;
  first_at: Time;
  last_at: Time;
  times: number;
  address: string;
  why: string;
}

/** A device's line. */
export interface Room {
  name: string;
  device_id: string | null;
  presence: Presence;
  address: string | null;
  values: string[];
  values_at: Time | null;
}

export interface RoomLine {
  at: Time;
  way: "up" | "down";
  who?: string | null;
  text: string;
}

export type LineEvent =
  | { type: "room"; room: Room }
  | { type: "heard"; at: Time; text: string }
  | { type: "said"; id: number }
  | { type: "refused"; id: number; why: string };

export interface LineOrder {
  id: number;
  text: string;
}

/** The news about devices on the live feed. */
export type DeviceNews =
  | { type: "device"; device: Device }
  | { type: "device_gone"; id: string }
  | { type: "presence"; name: string; device_id: string | null; presence: Presence }
  | { type: "knock"; name: string };
