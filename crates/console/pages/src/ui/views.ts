// All views: those with a key have a tab, in this order. A phone has room for six; there the person's menu has the rest.

import type { Key } from "../text/text";

interface ViewPlace {
  to: string;
  text: Extract<Key, `nav.${string}`>;
  key: string | null;
  /** Where it is on a phone. */
  phone: "tab" | "menu";
  admin?: true;
}

export const VIEWS: readonly ViewPlace[] = [
  { to: "/", text: "nav.fleet", key: "1", phone: "tab" },
  { to: "/messages", text: "nav.messages", key: "2", phone: "tab" },
  { to: "/problems", text: "nav.problems", key: "3", phone: "tab" },
  { to: "/outgoing", text: "nav.outgoing", key: "4", phone: "tab" },
  { to: "/routes", text: "nav.routes", key: "5", phone: "menu" },
  { to: "/devices", text: "nav.devices", key: "6", phone: "tab" },
  { to: "/firmware", text: "nav.firmware", key: "7", phone: "menu" },
  { to: "/system", text: "nav.system", key: "8", phone: "tab" },
  { to: "/people", text: "nav.people", key: "9", phone: "menu", admin: true },
  { to: "/endpoints", text: "nav.endpoints", key: null, phone: "menu" },
  { to: "/deliveries", text: "nav.deliveries", key: null, phone: "menu" },
  { to: "/import", text: "nav.import", key: null, phone: "menu" },
  { to: "/welcome", text: "nav.welcome", key: null, phone: "menu" },
  { to: "/me", text: "nav.me", key: null, phone: "menu" },
];

/** Pages that are parts of a view. */
const PART_OF: Record<string, string> = { "/endpoints": "/routes", "/deliveries": "/routes", "/import": "/messages" };

/** The view that a page belongs to: a device's whole page to the fleet, its bench to the devices. */
export function viewOf(pathname: string): string {
  const whole = PART_OF[pathname];
  if (whole !== undefined) return whole;
  const [, of, inner] = /^\/devices\/([^/]+)(\/bench)?\/?$/.exec(pathname) ?? [];
  if (of === undefined) return pathname;
  return inner === undefined ? "/" : "/devices";
}
