// What can be done with all deliveries to one endpoint that wait or have failed.
import { Button } from "@mantine/core";
import { useState } from "react";
import { manyDone } from "../domain/deliveries";
import { t } from "../text/text";
import form from "../ui/form.module.css";
import { ReasonForm } from "../ui/ReasonForm";
import type { Endpoint } from "./apiTypes";
import * as calls from "./calls";
import { useTake } from "./data";
import css from "./routes.module.css";

const ACTIONS = ["redeliver", "now", "discard"] as const;
type Action = (typeof ACTIONS)[number];

function carryOut(action: Action, endpoint_id: string, reason: string) {
  if (action === "discard") return calls.discardMany({ endpoint_id, state: "waiting", reason });
  return calls.redeliverMany({ endpoint_id, state: action === "now" ? "waiting" : "failed", reason });
}

export function ManyStrip({ endpoint }: { endpoint: Endpoint }) {
  const take = useTake();
  const [asked, setAsked] = useState<Action | null>(null);
  const [done, setDone] = useState<number | null>(null);
  const { id, name, waiting } = endpoint;
  if (asked !== null) {
    return (
      <div className={css.strip}>
        <ReasonForm
          effect={t(`delivery.many_${asked}_effect`, { name })}
          confirm={t(`delivery.many_${asked}`)}
          run={(reason) => carryOut(asked, id, reason)}
          onDone={({ count }) => {
            setAsked(null);
            setDone(count);
            take.all();
          }}
          onCancel={() => setAsked(null)}
        />
      </div>
    );
  }
  return (
    <div className={css.strip} role="group" aria-label={t("delivery.many", { name })}>
      <span role="status">{done !== null ? manyDone(done) : t("delivery.many_waiting", { n: waiting, name })}</span>
      <div className={form.buttons}>
        {ACTIONS.map((action) => (
          <Button
            key={action}
            variant="default"
            size="xs"
            disabled={action !== "redeliver" && waiting === 0}
            onClick={() => setAsked(action)}
          >
            {t(`delivery.many_${action}`)}
          </Button>
        ))}
      </div>
    </div>
  );
}
