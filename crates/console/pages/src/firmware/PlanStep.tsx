// What a roll-out would do, in words and device by device; then it can be made.
import { Button, Skeleton } from "@mantine/core";
import { useMutation, useQuery } from "@tanstack/react-query";
import { revisionName, size } from "../domain/firmware";
import {
  type Draft,
  leftOut,
  leftOutSentence,
  planSentence,
  planWarnings,
  takes,
  wishOf,
} from "../domain/firmwareDraft";
import { t } from "../text/text";
import { ErrorNote } from "../ui/ErrorNote";
import form from "../ui/form.module.css";
import type { Plan, PlannedDevice } from "./apiTypes";
import * as calls from "./calls";
import css from "./draft.module.css";
import { FIRMWARE, useTake } from "./news";
import { Warnings } from "./StartUpgrade";

function PlannedStage({ n, devices }: { n: number; devices: PlannedDevice[] }) {
  return (
    <details className={css.planned} open={n === 1}>
      <summary>
        <b>{t("stage.title", { n })}</b>{" "}
        <span className="quiet">{t("devices", { n: devices.filter(takes).length })}</span>
      </summary>
      <table>
        <thead>
          <tr>
            <th>{t("plan.device")}</th>
            <th>{t("plan.from")}</th>
            <th>{t("plan.files")}</th>
            <th>{t("plan.bytes")}</th>
          </tr>
        </thead>
        <tbody>
          {devices.map((one) => (
            <tr key={one.device.id} data-left={!takes(one)}>
              <td>{one.device.name}</td>
              <td>
                {one.from ? revisionName(one.from.revision) : <span className="quiet">{t("plan.from_none")}</span>}
              </td>
              {takes(one) ? (
                <>
                  <td>{one.files_changed.toLocaleString("en")}</td>
                  <td>{size(one.bytes)}</td>
                </>
              ) : (
                <td colSpan={2} title={one.skipped ?? undefined}>
                  {t("plan.left")}
                </td>
              )}
            </tr>
          ))}
        </tbody>
      </table>
    </details>
  );
}

function Planned({ plan }: { plan: Plan }) {
  return (
    <>
      <p className={css.planSentence}>{planSentence(plan)}</p>
      <p className="quiet">{t("plan.fetched", { size: size(plan.bytes_fetched_each) })}</p>
      {leftOut(plan).map((left) => (
        <p key={left.why}>{leftOutSentence(left)}</p>
      ))}
      <Warnings warnings={planWarnings(plan)} />
      {plan.stages.map(({ devices }, i) => (
        <PlannedStage key={i} n={i + 1} devices={devices} />
      ))}
    </>
  );
}

export function PlanStep({ draft, onMade }: { draft: Draft; onMade(id: string): void }) {
  const take = useTake();
  const wish = wishOf(draft);
  const { data, error, refetch, isFetching } = useQuery({
    queryKey: [FIRMWARE, "plan", JSON.stringify(wish)],
    queryFn: () => calls.planRollout(wish),
    retry: false,
  });
  const making = useMutation({
    mutationFn: () => calls.makeRollout(wish),
    onSuccess: (rollout) => {
      take({ type: "rollout", rollout });
      onMade(rollout.id);
    },
  });
  const nobody = data !== undefined && !data.stages.some(({ devices }) => devices.some(takes));
  return (
    <div className={form.form}>
      {error && <ErrorNote error={error} retry={() => void refetch()} />}
      {!data && !error && <Skeleton height={120} />}
      {data && <Planned plan={data} />}
      {making.error && <ErrorNote error={making.error} />}
      {data && (
        <>
          <div className={form.buttons}>
            <Button disabled={nobody} loading={making.isPending} onClick={() => making.mutate()}>
              {t("draft.make")}
            </Button>
            <Button variant="default" loading={isFetching} onClick={() => void refetch()}>
              {t("draft.dry_again")}
            </Button>
          </div>
          <p className="quiet">{t("draft.make_how")}</p>
        </>
      )}
    </div>
  );
}
