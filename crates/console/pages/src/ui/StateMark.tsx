// The shape of each state, so that no state is told by colour alone.
import type { AccountState, MessageState, MtState } from "../api/types";
import type { Rhythm } from "../domain/rhythm";

export type Mark = Rhythm | "problem" | "all";

const COLOUR: Record<Mark, string> = {
  ok: "var(--ok)",
  late: "var(--late)",
  silent: "var(--silent)",
  never: "var(--unknown)",
  problem: "var(--problem)",
  all: "var(--ink-3)",
};

/** The outline of a state's shape in a box of 12 by 12. */
export const SHAPE: Record<Mark, string> = {
  ok: "M6 1.5a4.5 4.5 0 1 0 0 9a4.5 4.5 0 0 0 0-9z",
  late: "M6 1.2L11.2 10.4H.8z",
  silent: "M1.7 1.7h8.6v8.6H1.7z",
  never: "M6 1.8a4.2 4.2 0 1 0 0 8.4a4.2 4.2 0 0 0 0-8.4z",
  problem: "M6 .6L11.4 6L6 11.4L.6 6z",
  all: "M2 6h8",
};

export function StateMark({ state, size = 12 }: { state: Mark; size?: number }) {
  const line = state === "never" || state === "all";
  return (
    <svg width={size} height={size} viewBox="0 0 12 12" aria-hidden="true" style={{ flex: "none" }}>
      <path
        d={SHAPE[state]}
        fill={line ? "none" : COLOUR[state]}
        stroke={line ? COLOUR[state] : "none"}
        strokeWidth={1.6}
        strokeDasharray={state === "never" ? "2.2 1.6" : undefined}
        strokeLinejoin="round"
      />
    </svg>
  );
}

/** A message's state in the same shapes. */
export function MessageMark({ state }: { state: MessageState }) {
  if (state === "problem") return <StateMark state="problem" />;
  if (state === "waiting") return <StateMark state="never" />;
  if (state === "decoded") return <StateMark state="ok" />;
  return <StateMark state="all" />;
}

const MT_MARK: Record<MtState, Mark> = {
  queued: "never",
  sending: "never",
  accepted: "never",
  delivered: "ok",
  rejected: "silent",
  failed: "silent",
  expired: "late",
  unknown: "problem",
  unconfirmable: "all",
  superseded: "all",
  cancelled: "all",
};

/** How far a message to a device has come, in the same shapes: what needs a person is a problem. */
export function MtMark({ state, size }: { state: MtState; size?: number }) {
  return <StateMark state={MT_MARK[state] ?? "all"} size={size} />;
}

/** Whether an account sends. */
export function AccountMark({ state }: { state: AccountState }) {
  return <StateMark state={state === "ready" ? "ok" : "silent"} />;
}
