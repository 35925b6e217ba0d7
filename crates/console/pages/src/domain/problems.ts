// What a person may do about a problem.
import type { Modem, Problem, Role } from "../api/types";

export type ProblemAction = "repair" | "replay" | "admit" | "force" | "discard";

/** The actions that make sense for a problem, the one to try first in front; empty where it is settled. */
export function actionsFor(problem: Problem): ProblemAction[] {
  if (problem.state !== "open") return [];
  const actions: ProblemAction[] = [];
  if (problem.held_id !== null && problem.kind !== "no_imei") actions.push("admit", "force");
  const told = nextStep(problem) !== null;
  if (problem.message_id !== null && problem.kind !== "conflicting_message" && !told) {
    if (problem.kind === "unreadable_text" || problem.kind === "faulty_push") actions.push("repair");
    actions.push("replay");
  } else if (problem.kind === "failed_work") {
    actions.push("replay");
  }
  actions.push("discard");
  return actions;
}

/** Where a person goes to settle what cannot be settled in the problem itself. */
export function nextStep({ kind, modem_id }: Pick<Problem, "kind" | "modem_id">): string | null {
  switch (kind) {
    case "endpoint_disabled":
      return "/endpoints";
    case "proof_missing":
      return modem_id === null ? "/outgoing" : `/outgoing?device=${modem_id}`;
    case "budget_low":
      return "/outgoing?show=budgets";
    default:
      return null;
  }
}

/** The device that a problem is about: a push that is held back names it by IMEI alone. */
export function modemOf(problem: Problem, modems: ReadonlyMap<string, Modem>): Modem | undefined {
  if (problem.modem_id !== null) return modems.get(problem.modem_id);
  if (problem.imei === null) return undefined;
  for (const modem of modems.values()) if (modem.imei === problem.imei) return modem;
  return undefined;
}

/** Whether a role may take an action. */
export function mayTake(action: ProblemAction, role: Role): boolean {
  return role === "admin" || (role === "operator" && action !== "force");
}
