// What a sign-in may take from an address, and where it may lead.

/** The token in what was pasted: a whole link, or the token alone. */
export function tokenIn(text: string): string {
  const trimmed = text.trim();
  const hash = trimmed.indexOf("#");
  return hash < 0 ? trimmed : trimmed.slice(hash + 1);
}

/** Only a path of this server may follow a sign-in. */
export function safeNext(next: string | null): string {
  return next?.startsWith("/") && !next.startsWith("//") && !next.includes("\\") ? next : "/";
}
