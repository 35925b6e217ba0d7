// What a person can do about a problem: each action names its effect and asks for a reason.
import { Button, Textarea, TextInput } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import * as calls from "../api/calls";
import { useSession } from "../api/session";
import type { Problem } from "../api/types";
import { actionsFor, mayTake, type ProblemAction } from "../domain/problems";
import { t } from "../text/text";
import { ErrorNote } from "../ui/ErrorNote";
import { Part } from "../ui/Facts";
import css from "./problems.module.css";

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
  const [reason, setReason] = useState("");
  const [text, setText] = useState(problem.excerpt ?? "");
  const order = useMutation({ mutationFn: (o: Order) => carryOut(problem, o), onSuccess: onSettled });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (reason.trim() !== "") order.mutate({ action, reason: reason.trim(), text });
  };
  return (
    <form
      className={css.form}
      onSubmit={submit}
      onKeyDown={(e) => {
        if (e.key !== "Escape") return;
        e.preventDefault();
        onDone();
      }}
    >
      <p className="quiet">{t(`problem.effect.${action}`)}</p>
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
      <TextInput
        label={t("problem.your_reason")}
        description={t("problem.reason_kept")}
        required
        withAsterisk={false}
        autoFocus
        maxLength={500}
        value={reason}
        onChange={(e) => setReason(e.currentTarget.value)}
      />
      {order.error && <ErrorNote error={order.error} />}
      <div className={css.buttons}>
        <Button type="submit" loading={order.isPending} disabled={reason.trim() === ""}>
          {t(`problem.confirm.${action}`)}
        </Button>
        <Button variant="default" onClick={onDone}>
          {t("action.cancel")}
        </Button>
      </div>
    </form>
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
        <div className={css.buttons}>
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
