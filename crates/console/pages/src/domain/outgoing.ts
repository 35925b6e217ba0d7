// Messages to devices as people read them: how far each has come, when it is heard, and what will prove it.
import type { Downlink, Mt, MtState, Role } from "../api/types";
import { t } from "../text/text";
import { clock, type Zone, zoneName } from "./time";

/** The filter for all that is not over yet. */
export const OPEN = "open";
const OPEN_STATES: MtState[] = ["queued", "sending", "accepted", "unknown"];

export function isOpen(state: MtState): boolean {
  return OPEN_STATES.includes(state);
}

/** Whether a message in this state stands in a list with this filter. */
export function inFilter(state: MtState, filter: string | undefined): boolean {
  return filter === undefined || (filter === OPEN ? isOpen(state) : state === filter);
}

export type StepName = "asked" | "sent" | "heard";
/** `mute`: nobody can tell, or it never comes. */
export type StepIs = "done" | "now" | "open" | "unknown" | "bad" | "mute";

export interface Step {
  name: StepName;
  is: StepIs;
  text: string;
}

const step = (name: StepName, is: StepIs, text: string): Step => ({ name, is, text });

function sentStep({ state, sent_at }: Pick<Mt, "state" | "sent_at">): Step {
  switch (state) {
    case "queued":
      return step("sent", "open", t("step.to_send"));
    case "sending":
      return step("sent", "now", t("step.sending"));
    case "unknown":
      return step("sent", "unknown", t("step.sent_unknown"));
    case "failed":
      return step("sent", "bad", t("step.failed"));
    case "expired":
    case "superseded":
    case "cancelled":
      return sent_at === null ? step("sent", "mute", t("step.not_sent")) : step("sent", "done", t("step.sent"));
    default:
      return step("sent", "done", t("step.sent"));
  }
}

function heardStep({ state, proof }: Pick<Mt, "state" | "proof">): Step | null {
  switch (state) {
    case "delivered":
      return step("heard", "done", t("step.heard"));
    case "rejected":
      return step("heard", "bad", t("step.refused"));
    case "unconfirmable":
      return step("heard", "mute", t("step.unproven"));
    case "failed":
    case "expired":
    case "superseded":
    case "cancelled":
      return null;
    default:
      return proof === "none" ? step("heard", "mute", t("step.unproven")) : step("heard", "open", t("step.to_hear"));
  }
}

/** Asked, sent, heard: how far a message has come; what will not happen any more is left out. */
export function stepsOf(mt: Pick<Mt, "state" | "sent_at" | "proof">): Step[] {
  const heard = heardStep(mt);
  return [step("asked", "done", t("step.asked")), sentStep(mt), ...(heard ? [heard] : [])];
}

type Wake = Pick<Downlink, "expected_at" | "before" | "wakes">;

/** When a device will hear a message that is sent now: it listens only when it wakes. */
export function wakeSentence(
  { expected_at, before, wakes }: Wake,
  interval_s: number,
  now: number,
  zone: Zone,
): string {
  const at = (ms: number) => `${clock(ms, now, zone)} ${zoneName(ms, zone)}`;
  const when = () => {
    if (expected_at === null) return t("wake.unknown");
    const next = Date.parse(expected_at);
    if (next < now) return t(wakes > 1 ? "wake.overdue_later" : "wake.overdue", { at: at(next), wakes });
    if (wakes <= 1) return t("wake.next", { at: at(next) });
    return t("wake.later", { wakes, at: at(next + (wakes - 1) * interval_s * 1000) });
  };
  return `${when()}${before > 0 ? t("wake.before", { n: before }) : ""}.`;
}

/** What a decision on an unknown outcome leads to may cost another sending. */
export function maySettle(role: Role): boolean {
  return role !== "viewer";
}

/** The days, in UTC, that the last `days` days are: first and last. */
export function lastDays(now: number, days: number): [from: string, to: string] {
  const day = (ms: number) => new Date(ms).toISOString().slice(0, 10);
  return [day(now - (days - 1) * 86_400_000), day(now)];
}
