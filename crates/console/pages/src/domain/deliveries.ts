// Deliveries as people read them.
import type { DeliveryState, EndpointHealth } from "../routes/apiTypes";
import { t } from "../text/text";

export const DELIVERY_STATES: readonly DeliveryState[] = [
  "waiting",
  "delivered",
  "failed",
  "expired",
  "superseded",
  "discarded",
];

type Mark = "ok" | "late" | "silent" | "never" | "problem" | "all";

export const DELIVERY_MARK: Record<DeliveryState, Mark> = {
  waiting: "never",
  delivered: "ok",
  failed: "silent",
  expired: "late",
  superseded: "all",
  discarded: "all",
};

export const HEALTH_MARK: Record<EndpointHealth, Mark> = {
  new: "never",
  good: "ok",
  failing: "late",
  off: "all",
  disabled: "problem",
};

/** A body as people read it: JSON with a value a line, anything else as it is. */
export function pretty(contentType: string, body: string): string {
  if (!/\bjson\b/.test(contentType)) return body;
  try {
    return JSON.stringify(JSON.parse(body), null, 2);
  } catch {
    return body;
  }
}

/** When something happens next, or happened last. */
export function momentOf(delivery: {
  state: DeliveryState;
  next_try_at: string | null;
  settled_at: string | null;
  created_at: string;
}): string {
  return delivery.next_try_at ?? delivery.settled_at ?? delivery.created_at;
}

/** How many deliveries a bulk action touched, as a sentence. */
export const manyDone = (n: number) => t("delivery.many_done", { n });
