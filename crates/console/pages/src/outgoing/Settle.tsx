// What a person makes of an unknown outcome, and how a message is called off before it is sent.
import { Button } from "@mantine/core";
import { useState } from "react";
import * as calls from "../api/calls";
import { useSession } from "../api/session";
import { DECISIONS, type Decision, type Mt } from "../api/types";
import { maySettle } from "../domain/outgoing";
import { hear } from "../live/store";
import { t } from "../text/text";
import form from "../ui/form.module.css";
import { ReasonForm } from "../ui/ReasonForm";

const heard = (mt: Mt) => hear({ type: "outgoing", mt });

/** Three decisions, each with its effect; what can cost money or reach the device twice does not stand first. */
export function Decide({ mt }: { mt: Mt }) {
  const { role } = useSession();
  const [chosen, setChosen] = useState<Decision | null>(null);
  if (mt.state !== "unknown") return null;
  if (!maySettle(role)) return <p className="quiet">{t("unknown.not_allowed")}</p>;
  if (chosen === null) {
    return (
      <div className={form.buttons}>
        {DECISIONS.map((decision) => (
          <Button key={decision} variant="default" onClick={() => setChosen(decision)}>
            {t(`decide.${decision}`)}
          </Button>
        ))}
      </div>
    );
  }
  const effect =
    chosen === "send_again"
      ? t("decide.effect.send_again", { credits: t("credits", { n: mt.credits }) })
      : t(`decide.effect.${chosen}`);
  return (
    <ReasonForm
      effect={effect}
      confirm={t(`decide.confirm.${chosen}`)}
      run={(reason) => calls.settleMt(mt.id, chosen, reason)}
      onDone={heard}
      onCancel={() => setChosen(null)}
    />
  );
}

/** Calls a message off while it waits. */
export function CallOff({ mt }: { mt: Mt }) {
  const { role } = useSession();
  const [open, setOpen] = useState(false);
  if (mt.state !== "queued" || !maySettle(role)) return null;
  if (!open) {
    return (
      <div className={form.buttons}>
        <Button variant="default" size="xs" onClick={() => setOpen(true)}>
          {t("cancel.action")}
        </Button>
      </div>
    );
  }
  return (
    <ReasonForm
      effect={t(mt.attempts > 0 ? "cancel.effect_tried" : "cancel.effect")}
      confirm={t("cancel.confirm")}
      run={(reason) => calls.cancelMt(mt.id, reason)}
      onDone={heard}
      onCancel={() => setOpen(false)}
    />
  );
}
