// Delivers a test at once, and shows what came back.
import { Button } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { t } from "../text/text";
import { ErrorNote } from "../ui/ErrorNote";
import { Part } from "../ui/Facts";
import { Sentence } from "../ui/Sentence";
import { StateMark } from "../ui/StateMark";
import type { DeliveryDetail, Endpoint } from "./apiTypes";
import * as calls from "./calls";
import { useTake } from "./data";
import css from "./routes.module.css";

function Answer({ told }: { told: DeliveryDetail }) {
  const { delivery, response } = told;
  const well = delivery.state === "delivered";
  return (
    <div className={css.stack} role="status">
      <p>
        <StateMark state={well ? "ok" : "silent"} /> <b>{t(well ? "endpoint.test_well" : "endpoint.test_unwell")}</b>{" "}
        {delivery.status !== null && (
          <span className="quiet">{t("endpoint.status", { status: String(delivery.status) })}</span>
        )}
      </p>
      {delivery.cause && (
        <p>
          <Sentence text={delivery.cause} />
        </p>
      )}
      {response ? <div className={css.code}>{response}</div> : <p className="quiet">{t("endpoint.answer_none")}</p>}
    </div>
  );
}

export function TestPart({ endpoint }: { endpoint: Endpoint }) {
  const take = useTake();
  const testing = useMutation({
    mutationFn: () => calls.testEndpoint(endpoint.id),
    onSettled: take.all,
  });
  return (
    <Part title={t("endpoint.test")}>
      <div className={css.stack}>
        <p className="quiet">{t("endpoint.test_how")}</p>
        {testing.data && <Answer told={testing.data} />}
        {testing.error && <ErrorNote error={testing.error} />}
        <Button variant="default" loading={testing.isPending} onClick={() => testing.mutate()}>
          {t(testing.data ? "endpoint.test_again" : "endpoint.test_run")}
        </Button>
      </div>
    </Part>
  );
}
