// People, programs and what they did, as the page of people tells it.
import type { Person, Scope, Token } from "../api/types";

/** For how many days a token may be made; null is for ever. */
export const TOKEN_DAYS = [30, 90, 365, null] as const;

export const NAME_MOST = 64;

export type Standing = "active" | "invited" | "disabled";

/** How a person stands: one without a password has a link to come in by, or none. */
export function standing(person: Pick<Person, "disabled" | "has_password">): Standing {
  if (person.disabled) return "disabled";
  return person.has_password ? "active" : "invited";
}

/** What is wrong with a name, or null. An empty one is only not there yet. */
export function nameFault(name: string): "long" | "control" | null {
  const trimmed = name.trim();
  if (Array.from(trimmed).length > NAME_MOST) return "long";
  return /\p{Cc}/u.test(trimmed) ? "control" : null;
}

/** Whether a change of this person would leave no administrator. */
export function isLastAdmin(person: Person, people: readonly Person[]): boolean {
  const isAdmin = (one: Person) => one.role === "admin" && standing(one) === "active";
  return isAdmin(person) && !people.some((other) => other.id !== person.id && isAdmin(other));
}

/** Whether a token is past its end. */
export function hasEnded(token: Token, now: number): boolean {
  return token.expires_at !== null && Date.parse(token.expires_at) <= now;
}

const PATHS: Record<Scope, string> = {
  modems: "modems",
  devices: "devices",
  firmware: "firmware/versions",
  messages: "messages",
  problems: "problems",
  outgoing: "outgoing",
  routes: "routes",
  changes: "feed",
  system: "system",
  people: "people",
};

/** A request that a token's scopes allow. */
export function examplePath(scopes: readonly Scope[]): string {
  return `/api/v1/${PATHS[scopes[0] ?? "modems"]}`;
}

/** That request, as it is typed. */
export function curl(origin: string, scopes: readonly Scope[], secret: string): string {
  return `curl -H "Authorization: Bearer ${secret}" ${origin}${examplePath(scopes)}`;
}
