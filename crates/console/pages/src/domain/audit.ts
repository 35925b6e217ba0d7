// What an entry of the audit log is about, and where to look at it.

const VIEWS: Record<string, (id: string) => string> = {
  modem: (id) => `/?device=${id}`,
  message: (id) => `/messages?message=${id}`,
  outgoing: (id) => `/outgoing?mt=${id}`,
  account: () => "/outgoing",
  device: (id) => `/devices?open=${id}`,
  group: (id) => `/devices?show=groups&open=${id}`,
  knock: () => "/devices?show=arrivals",
  rollout: (id) => `/firmware?open=${id}`,
  upgrade: (id) => `/firmware?show=upgrades&open=${id}`,
  "firmware version": (id) => `/firmware?show=versions&open=${id}`,
  "firmware source": () => "/firmware?show=sources",
};

/** Where the subject of an entry can be looked at; null where nothing shows it. */
export function placeOf(subject: string): string | null {
  if (subject === "registration") return "/devices?show=arrivals";
  const [, kind = "", id = ""] = /^((?:firmware )?\S+) (\S+)/.exec(subject) ?? [];
  return id === "" ? null : (VIEWS[kind]?.(encodeURIComponent(id)) ?? null);
}

/** The name that an entry is about; what has an id instead says nothing to a reader. */
export function nameIn(subject: string): string | null {
  const [, name] = /^(?:person|token|account|knock|firmware source) (.+)$/.exec(subject) ?? [];
  return name ?? null;
}
