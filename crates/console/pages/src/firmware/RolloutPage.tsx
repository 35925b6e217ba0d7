// One roll-out whole: how it is and what to do now, its stages as a picture, and each of its devices live.
import { Button, NativeSelect, Skeleton } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useMemo, useState } from "react";
import { Link } from "react-router";
import { ApiError } from "../api/client";
import { useSession } from "../api/session";
import { revisionName, rolloutMark, rolloutSentences, totals } from "../domain/firmware";
import { t } from "../text/text";
import { Empty } from "../ui/Empty";
import { ErrorNote } from "../ui/ErrorNote";
import { usePaged } from "../ui/Roster";
import { Sentence } from "../ui/Sentence";
import { StateMark } from "../ui/StateMark";
import { useAddress } from "../ui/useAddress";
import { useListKeys } from "../ui/useListKeys";
import { VirtualList } from "../ui/VirtualList";
import { WaitingRows } from "../ui/Waiting";
import { type Rollout, TARGET_STATES } from "./apiTypes";
import { Back } from "./Back";
import * as calls from "./calls";
import { chevron } from "./chevron";
import { rolloutKey, TARGETS } from "./news";
import { RolloutAbout } from "./RolloutAbout";
import { RolloutActions } from "./RolloutActions";
import { RolloutHistory } from "./RolloutHistory";
import css from "./rollout.module.css";
import { Stages } from "./Stages";
import { TargetPanel, TargetRow, TargetsHead } from "./Targets";

/** What can be narrowed down among the devices. */
function Filters({ rollout }: { rollout: Rollout }) {
  const [search, change] = useAddress();
  return (
    <div className={css.filters}>
      <NativeSelect
        rightSection={chevron}
        aria-label={t("target.state")}
        value={search.get("state") ?? ""}
        onChange={(e) => change({ state: e.currentTarget.value, of: null }, true)}
        data={[
          { value: "", label: t("target.any_state") },
          ...TARGET_STATES.map((one) => ({ value: one, label: t(`target.is.${one}`) })),
        ]}
      />
      {rollout.stages.length > 1 && (
        <NativeSelect
          rightSection={chevron}
          aria-label={t("target.stage")}
          value={search.get("stage") ?? ""}
          onChange={(e) => change({ stage: e.currentTarget.value, of: null }, true)}
          data={[
            { value: "", label: t("target.any_stage") },
            ...rollout.stages.map(({ ordinal: n }) => ({ value: String(n), label: t("stage.title", { n }) })),
          ]}
        />
      )}
    </div>
  );
}

function Head({ rollout, onClose }: { rollout: Rollout; onClose(): void }) {
  const { name } = useSession();
  const [search, change] = useAddress();
  return (
    <>
      <div className={css.rolloutHead}>
        <div className={css.titleLine}>
          <Back onClose={onClose} />
          <h1>
            <StateMark state={rolloutMark(rollout)} size={16} /> {rollout.name}
          </h1>
          <span className="quiet">
            {t(`rollout.state.${rollout.state}`)} ·{" "}
            <Link className="link" to={`/firmware?show=versions&open=${rollout.version.id}`}>
              {revisionName(rollout.version.revision)}
            </Link>
          </span>
        </div>
        {rolloutSentences(rollout, name).map((sentence) => (
          <p key={sentence}>
            <Sentence text={sentence} />
          </p>
        ))}
        {totals(rollout.stages).failed > 0 && search.get("state") !== "failed" && (
          <p>
            <button type="button" className={css.text} onClick={() => change({ state: "failed", stage: null }, true)}>
              {t("rollout.show_failed")}
            </button>
          </p>
        )}
        <RolloutActions key={rollout.state} rollout={rollout} />
      </div>
      <Stages
        stages={rollout.stages}
        shown={Number(search.get("stage")) || null}
        onShow={(stage) => change({ stage: stage === null ? null : String(stage), of: null }, true)}
      />
      <details className={css.details}>
        <summary>{t("rollout.details")}</summary>
        <div className={css.aboutRow}>
          <RolloutAbout rollout={rollout} />
          <RolloutHistory rollout={rollout} />
        </div>
      </details>
      <Filters rollout={rollout} />
    </>
  );
}

function Whole({ rollout, onClose }: { rollout: Rollout; onClose(): void }) {
  const [search, change] = useAddress();
  const [cursor, setCursor] = useState<string | null>(null);
  const stage = search.get("stage") ?? undefined;
  const state = TARGET_STATES.find((one) => one === search.get("state"));
  const of = search.get("of");
  const paged = usePaged([...TARGETS, rollout.id, stage, state], (next) =>
    calls.targets(rollout.id, { stage, state }, next),
  );
  const { items } = paged;
  const open = (id: string) => {
    setCursor(id);
    change({ of: id }, of !== null);
  };
  const current = of ?? cursor;
  useListKeys({
    ids: useMemo(() => items.map(({ device }) => device.id), [items]),
    current,
    move: (id) => (of === null ? setCursor(id) : open(id)),
    open,
    back: () => (of === null ? onClose() : change({ of: null })),
  });
  const target = items.find(({ device }) => device.id === of);
  const filtered = stage !== undefined || state !== undefined;
  return (
    <>
      <section className={css.page} aria-label={rollout.name} data-narrowed={target !== undefined}>
        <VirtualList
          label={t("target.list")}
          items={items}
          idOf={({ device }) => device.id}
          render={(one) => <TargetRow target={one} />}
          current={current}
          onOpen={open}
          narrowRow={60}
          above={
            <>
              <Head rollout={rollout} onClose={onClose} />
              {paged.error !== null && <ErrorNote error={paged.error} retry={paged.again} />}
              {paged.waiting && <WaitingRows n={4} />}
              {!paged.waiting && paged.error === null && items.length === 0 && (
                <p className={css.nobody}>{t(filtered ? "target.none_found" : "target.none")}</p>
              )}
            </>
          }
          head={items.length > 0 && <TargetsHead />}
          footer={
            !paged.whole && (
              <div className={css.more}>
                <Button variant="default" loading={paged.loading} onClick={paged.more}>
                  {t("target.more")}
                </Button>
              </div>
            )
          }
        />
      </section>
      {target && <TargetPanel target={target} onClose={() => change({ of: null })} />}
    </>
  );
}

export function RolloutPage({ id, onClose }: { id: string; onClose(): void }) {
  const { data, error, refetch } = useQuery({ queryKey: rolloutKey(id), queryFn: () => calls.rollout(id) });
  if (data) return <Whole rollout={data} onClose={onClose} />;
  const gone = error instanceof ApiError && error.status === 404;
  return (
    <section className={css.page} aria-label={t("firmware.section.rollouts")}>
      <div className={css.rolloutHead}>
        <Back onClose={onClose} />
        {gone && <Empty title={t("rollout.gone")}>{t("rollout.gone_how")}</Empty>}
        {error && !gone && <ErrorNote error={error} retry={() => void refetch()} />}
        {!error && <Skeleton height={160} />}
      </div>
    </section>
  );
}
