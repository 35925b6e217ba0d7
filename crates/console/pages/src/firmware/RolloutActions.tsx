// What can be done with a roll-out now. Each names its effect before it is done; pausing is done at once.
import { Button } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { Link } from "react-router";
import { useSession } from "../api/session";
import { mayApprove, mayUpgrade, needsReason, type RolloutAction, rolloutActions, totals } from "../domain/firmware";
import { notTakenBack } from "../domain/firmwareDraft";
import { t } from "../text/text";
import { Confirm } from "../ui/Confirm";
import { ErrorNote } from "../ui/ErrorNote";
import form from "../ui/form.module.css";
import { ReasonForm } from "../ui/ReasonForm";
import type { RollBack, Rollout } from "./apiTypes";
import * as calls from "./calls";
import { useTake } from "./news";
import css from "./rollout.module.css";

/** What takes a second step. */
type Considered = Exclude<RolloutAction, "pause">;

function effectOf(action: Considered, rollout: Rollout): string {
  const { failed, succeeded } = totals(rollout.stages);
  switch (action) {
    case "start":
      return t(rollout.call_devices ? "rollout.effect.start_call" : "rollout.effect.start_wait");
    case "resume":
      return t(rollout.state === "stopped" ? "rollout.effect.resume_stopped" : "rollout.effect.resume");
    case "retry":
      return t("rollout.effect.retry", { n: failed });
    case "roll-back":
      return t("rollout.effect.roll-back", { n: succeeded });
    default:
      return t(`rollout.effect.${action}`);
  }
}

/** `resume` after a stop is another decision than after a pause, and says so. */
const worded = <A extends RolloutAction>(action: A, rollout: Rollout) =>
  action === "resume" && rollout.state === "stopped" ? ("resume_stopped" as const) : action;

/** What taking a roll-out back has made, and whom it leaves as they are. */
function Back({ made }: { made: RollBack }) {
  return (
    <div role="status">
      <p>
        {t("rollout.back_made")}{" "}
        {made.rollouts.map(({ id, name }, i) => (
          <span key={id}>
            {i > 0 && ", "}
            <Link className="link" to={`/firmware?open=${id}`}>
              {name}
            </Link>
          </span>
        ))}
      </p>
      {notTakenBack(made).map((sentence) => (
        <p key={sentence} className="quiet">
          {sentence}
        </p>
      ))}
    </div>
  );
}

interface OneProps {
  action: Considered;
  rollout: Rollout;
  run(reason: string): Promise<void>;
  onCancel(): void;
}

function One({ action, rollout, run, onCancel }: OneProps) {
  const effect = effectOf(action, rollout);
  const confirm = t(`rollout.confirm.${worded(action, rollout)}`);
  const done = () => undefined;
  return (
    <div className={css.reason}>
      {needsReason(action, rollout.state) ? (
        <ReasonForm effect={effect} confirm={confirm} run={run} onDone={done} onCancel={onCancel} />
      ) : (
        <Confirm effect={effect} confirm={confirm} run={() => run("")} onDone={done} onCancel={onCancel} />
      )}
    </div>
  );
}

export function RolloutActions({ rollout }: { rollout: Rollout }) {
  const { role, name } = useSession();
  const take = useTake();
  const [chosen, setChosen] = useState<Considered | null>(null);
  const [back, setBack] = useState<RollBack | null>(null);
  const run = async (action: RolloutAction, reason: string) => {
    if (action === "roll-back") {
      const made = await calls.rollBack(rollout.id, reason);
      setBack(made);
      for (const one of made.rollouts) take({ type: "rollout", rollout: one });
    } else {
      take({ type: "rollout", rollout: await calls.changeRollout(rollout.id, action, reason) });
    }
    setChosen(null);
  };
  const pausing = useMutation({ mutationFn: () => run("pause", "") });
  const actions = rolloutActions(rollout).filter((action) => action !== "approve" || mayApprove(rollout, name, role));
  if (back !== null) return <Back made={back} />;
  if (actions.length === 0) return null;
  if (!mayUpgrade(role)) return <p className="quiet">{t("firmware.not_allowed")}</p>;
  if (chosen !== null && actions.includes(chosen)) {
    const leave = () => setChosen(null);
    return <One action={chosen} rollout={rollout} run={(reason) => run(chosen, reason)} onCancel={leave} />;
  }
  return (
    <>
      {pausing.error && <ErrorNote error={pausing.error} />}
      <div className={form.buttons}>
        {actions.map((action, i) => (
          <Button
            key={action}
            variant={i === 0 && action !== "cancel" && action !== "pause" ? undefined : "default"}
            loading={action === "pause" && pausing.isPending}
            onClick={() => (action === "pause" ? pausing.mutate() : setChosen(action))}
          >
            {t(`rollout.do.${worded(action, rollout)}`)}
          </Button>
        ))}
      </div>
    </>
  );
}
