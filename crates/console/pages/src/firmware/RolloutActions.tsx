// What can be done with a roll-out now; each names its effect before it is done, and asks why.
import { Button } from "@mantine/core";
import { useState } from "react";
import { useSession } from "../api/session";
import { mayApprove, mayUpgrade, type RolloutAction, rolloutActions, totals } from "../domain/firmware";
import { t } from "../text/text";
import form from "../ui/form.module.css";
import { ReasonForm } from "../ui/ReasonForm";
import type { Rollout } from "./apiTypes";
import * as calls from "./calls";
import { useTake } from "./news";
import css from "./rollout.module.css";

function effectOf(action: RolloutAction, rollout: Rollout): string {
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
const worded = (action: RolloutAction, rollout: Rollout) =>
  action === "resume" && rollout.state === "stopped" ? "resume_stopped" : action;

/** `onMade`: a roll-back is a roll-out of its own. */
export function RolloutActions({ rollout, onMade }: { rollout: Rollout; onMade(id: string): void }) {
  const { role, name } = useSession();
  const take = useTake();
  const [chosen, setChosen] = useState<RolloutAction | null>(null);
  const actions = rolloutActions(rollout);
  if (actions.length === 0) return null;
  if (!mayUpgrade(role)) return <p className="quiet">{t("firmware.not_allowed")}</p>;
  if (chosen !== null && actions.includes(chosen)) {
    return (
      <div className={css.reason}>
        <ReasonForm
          key={chosen}
          effect={effectOf(chosen, rollout)}
          confirm={t(`rollout.confirm.${worded(chosen, rollout)}`)}
          run={(reason) => calls.changeRollout(rollout.id, chosen, reason)}
          onDone={(changed) => {
            setChosen(null);
            take({ type: "rollout", rollout: changed });
            if (changed.id !== rollout.id) onMade(changed.id);
          }}
          onCancel={() => setChosen(null)}
        />
      </div>
    );
  }
  const offered = actions.filter((action) => action !== "approve" || mayApprove(rollout, name, role));
  return (
    <div className={form.buttons}>
      {offered.map((action, i) => (
        <Button
          key={action}
          variant={i === 0 && action !== "cancel" && action !== "pause" ? undefined : "default"}
          onClick={() => setChosen(action)}
        >
          {t(`rollout.do.${worded(action, rollout)}`)}
        </Button>
      ))}
    </div>
  );
}
