// What a person can do about a problem: each action names its effect and asks for a reason.
import { Button, Textarea } from "@mantine/core";
import { useState } from "react";
import * as calls from "../api/calls";
import { useSession } from "../api/session";
import type { Problem } from "../api/types";
import { actionsFor, mayTake, type ProblemAction } from "../domain/problems";
import { t } from "../text/text";
import { Part } from "../ui/Facts";
import form from "../ui/form.module.css";
import { ReasonForm } from "../ui/ReasonForm";

interface Order {
  action: ProblemAction;
  reason: string;
  text: string;
}

function carryOut(problem: Problem, { action, reason, text }: Order): Promise<Problem> {
  switch (action) {
    case "repair":
      return calls.repair(problem.id, text, reason);
    case "replay":
      return calls.replay(problem.id, reason);
    case "discard":
      return calls.discard(problem.id, reason);
    case "admit":
    case "force":
      return calls.admit(problem.held_id ?? "", action === "force", reason);
  }
}

function ActionForm({
  problem,
  action,
  onDone,
  onSettled,
}: {
  problem: Problem;
  action: ProblemAction;
  onDone(): void;
  onSettled(problem: Problem): void;
}) {
  const [text, setText] = useState(problem.excerpt ?? "");
  return (
    <ReasonForm
      effect={t(`problem.effect.${action}`)}
      confirm={t(`problem.confirm.${action}`)}
      run={(reason) => carryOut(problem, { action, reason, text })}
      onDone={onSettled}
      onCancel={onDone}
    >
      {action === "repair" && (
        <Textarea
          label={t("problem.repaired_text")}
          autosize={false}
          rows={4}
          spellCheck={false}
          styles={{ input: { fontFamily: "var(--mono)", fontSize: 13 } }}
          value={text}
          onChange={(e) => setText(e.currentTarget.value)}
        />
      )}
    </ReasonForm>
  );
}

export function ProblemActions({ problem, onSettled }: { problem: Problem; onSettled(problem: Problem): void }) {
  const { role } = useSession();
  const [chosen, setChosen] = useState<ProblemAction | null>(null);
  const actions = actionsFor(problem);
  if (actions.length === 0) return null;
  if (!actions.some((action) => mayTake(action, role))) {
    return (
      <Part title={t("problem.do")}>
        <p className="quiet">{t("problem.not_allowed")}</p>
      </Part>
    );
  }
  return (
    <Part title={t("problem.do")}>
      {chosen === null ? (
        <div className={form.buttons}>
          {actions.map((action, i) => (
            <Button
              key={action}
              variant={i === 0 ? "filled" : "default"}
              disabled={!mayTake(action, role)}
              title={mayTake(action, role) ? undefined : t("problem.admin_only")}
              onClick={() => setChosen(action)}
            >
              {t(`problem.action.${action}`)}
            </Button>
          ))}
        </div>
      ) : (
        <ActionForm problem={problem} action={chosen} onDone={() => setChosen(null)} onSettled={onSettled} />
      )}
    </Part>
  );
}
