// What the API's description does not have yet of the device page, in the shape in which it comes.

/** What was read from one message; what it did not say is null. */
export interface Reading {
  message_id: string;
  transmitted_at: string;
  device_at: string;
  momsn: number | null;
  kind: string;
  late: boolean;
  clock_ahead: boolean;
  latitude: number | null;
  longitude: number | null;
  estimate_latitude: number | null;
  estimate_longitude: number | null;
  estimate_accuracy_m: number | null;
  speed_m_s: number | null;
  course_deg: number | null;
  battery_v: number | null;
  interval_s: number | null;
  sleep_s: number | null;
  status: string | null;
  beacon_on: boolean | null;
}

/** What a person wrote about a device. */
export interface Note {
  id: string;
  at: string;
  author: string;
  text: string;
}

/** Map tiles of the installation: `{z}`, `{x}` and `{y}` stand in the address. */
export interface Tiles {
  url: string;
  attribution: string;
}
