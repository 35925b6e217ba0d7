// What an entry of the audit log is about, and where to look at it.

const VIEWS: Record<string, (id: string) => string> = {
  modem: (id) => `/?device=${id}`,
  message: (id) => `/messages?message=${id}`,
  outgoing: (id) => `/outgoing?mt=${id}`,
  account: () => "/outgoing",
};

/** Where the subject of an entry can be looked at; null where nothing shows it. */
export function placeOf(subject: string): string | null {
  const [kind = "", id = ""] = subject.split(" ", 2);
  return id === "" ? null : (VIEWS[kind]?.(encodeURIComponent(id)) ?? null);
}

/** The name that an entry is about; what has an id instead says nothing to a reader. */
export function nameIn(subject: string): string | null {
  const [, name] = /^(?:person|token|account) (.+)$/.exec(subject) ?? [];
  return name ?? null;
}
