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
  { to: "/devices", text: "nav.devices", key: "5", phone: "tab" },
  { to: "/firmware", text: "nav.firmware", key: "6", phone: "menu" },
  { to: "/system", text: "nav.system", key: "7", phone: "tab" },
  { to: "/people", text: "nav.people", key: "8", phone: "menu", admin: true },
  { to: "/welcome", text: "nav.welcome", key: null, phone: "menu" },
  { to: "/me", text: "nav.me", key: null, phone: "menu" },
];

/** The view that a page belongs to: a device's whole page to the fleet, its bench to the devices. */
export function viewOf(pathname: string): string {
  const [, of, inner] = /^\/devices\/([^/]+)(\/bench)?\/?$/.exec(pathname) ?? [];
  if (of === undefined) return pathname;
  return inner === undefined ? "/" : "/devices";
}
