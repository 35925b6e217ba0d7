// A device's story: what it said, what it was told, and what never arrived, each at its place.
import type { Gap, Message, Mt } from "../api/types";

export type Entry =
  | { kind: "message"; id: string; at: number; message: Message }
  | { kind: "mt"; id: string; at: number; mt: Mt }
  | { kind: "gap"; id: string; at: number; gap: Gap };

/** One of the lists that a story is made of, newest first, and whether there is more of it. */
export interface Read<T> {
  items: readonly T[];
  more: boolean;
}

/** A device's own story is told by when it spoke, not by when that reached us. */
export const spokenAt = (message: Message) => message.transmitted_at ?? message.received_at;

/** Between entries of one moment: what never arrived lies before the message that showed it. */
const RANK: Record<Entry["kind"], number> = { mt: 0, message: 1, gap: 2 };

function oldest<T>({ items, more }: Read<T>, at: (item: T) => string): number {
  if (!more) return Number.NEGATIVE_INFINITY;
  return items.reduce((least, item) => Math.min(least, Date.parse(at(item))), Number.POSITIVE_INFINITY);
}

/** Which list to read on, so that the story reaches further back. */
export function shorter(messages: Read<Message>, mts: Read<Mt>): "messages" | "mts" | null {
  if (!messages.more && !mts.more) return null;
  return oldest(messages, (m) => m.received_at) >= oldest(mts, (mt) => mt.created_at) ? "messages" : "mts";
}

/** The story, newest first, as far back as all of it has been read. */
export function timeline(messages: Read<Message>, mts: Read<Mt>, gaps: readonly Gap[]): Entry[] {
  const reach = Math.max(
    oldest(messages, (m) => m.received_at),
    oldest(mts, (mt) => mt.created_at),
  );
  const entries: Entry[] = [
    ...messages.items.map((message) => ({
      kind: "message" as const,
      id: message.id,
      at: Date.parse(spokenAt(message)),
      message,
    })),
    ...mts.items.map((mt) => ({ kind: "mt" as const, id: mt.id, at: Date.parse(mt.created_at), mt })),
    ...gaps.map((gap) => ({
      kind: "gap" as const,
      id: `gap-${gap.first_momsn}-${gap.before_at}`,
      at: Date.parse(gap.before_at),
      gap,
    })),
  ];
  return entries
    .filter((entry) => entry.at >= reach)
    .sort((a, b) => b.at - a.at || RANK[a.kind] - RANK[b.kind] || (a.id < b.id ? 1 : -1));
}
