// One roll-out whole: how it is and what to do now, its stages as a picture, and each of its devices live.
import { ActionIcon, Button, NativeSelect, Skeleton } from "@mantine/core";
import { IconArrowLeft } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useMemo, useState } from "react";
import { Link } from "react-router";
import { ApiError } from "../api/client";
import { useSession } from "../api/session";
import { revisionName, rolloutMark, rolloutSentences, shortCommit, TARGET_MARK, totals } from "../domain/firmware";
import { span } from "../domain/time";
import { t } from "../text/text";
import { Ago, AgoExact } from "../ui/Ago";
import { Empty } from "../ui/Empty";
import { ErrorNote } from "../ui/ErrorNote";
import { Fact, Facts, Part } from "../ui/Facts";
import list from "../ui/list.module.css";
import { usePaged } from "../ui/Roster";
import { Sentence } from "../ui/Sentence";
import { SidePanel } from "../ui/SidePanel";
import { StateMark } from "../ui/StateMark";
import { useAddress } from "../ui/useAddress";
import { useListKeys } from "../ui/useListKeys";
import { VirtualList } from "../ui/VirtualList";
import { WaitingRows } from "../ui/Waiting";
import { type Rollout, TARGET_STATES, type Target } from "./apiTypes";
import * as calls from "./calls";
import rows from "./firmware.module.css";
import { JobPanel } from "./JobPanel";
import { rolloutKey, TARGETS } from "./news";
import { RolloutActions } from "./RolloutActions";
import { RolloutHistory } from "./RolloutHistory";
import css from "./rollout.module.css";
import { Stages } from "./Stages";
import { HowFar } from "./Upgrades";
import { chevron } from "./Versions";

function About({ rollout }: { rollout: Rollout }) {
  const { version } = rollout;
  return (
    <Part title={t("rollout.about")}>
      <Facts>
        <Fact name={t("rollout.version")}>
          <Link className="link" to={`/firmware?show=versions&open=${version.id}`}>
            {revisionName(version.revision)}
          </Link>{" "}
          <span className="mono">{shortCommit(version.commit)}</span> <span className="quiet">{version.subject}</span>
        </Fact>
        <Fact name={t("rollout.by")}>
          {rollout.created_by}, <AgoExact at={rollout.created_at} />
        </Fact>
        <Fact name={t("rollout.approval")}>
          {rollout.approved_by ?? t(rollout.needs_approval ? "rollout.approval_open" : "rollout.approval_none")}
        </Fact>
        <Fact name={t("rollout.calling")}>
          {t(rollout.call_devices ? "rollout.calling_yes" : "rollout.calling_no")}
        </Fact>
        <Fact name={t("rollout.timeout")}>{t("rollout.timeout_value", { span: span(rollout.job_timeout_s) })}</Fact>
        {rollout.rolls_back && (
          <Fact name={t("rollout.rolls_back")}>
            <Link className="link" to={`/firmware?open=${rollout.rolls_back}`}>
              {t("rollout.rolls_back_link")}
            </Link>
          </Fact>
        )}
        {rollout.started_at && (
          <Fact name={t("rollout.started")}>
            <AgoExact at={rollout.started_at} />
          </Fact>
        )}
        {rollout.ended_at && (
          <Fact name={t("rollout.ended")}>
            <AgoExact at={rollout.ended_at} />
          </Fact>
        )}
      </Facts>
    </Part>
  );
}

function TargetRow({ target }: { target: Target }) {
  const { job } = target;
  return (
    <div className={`${rows.cells} ${rows.targets}`}>
      <span className={rows.name} title={target.device.name}>
        {target.device.name}
      </span>
      <span className={rows.stage}>{target.stage}</span>
      <span className={rows.state}>
        <StateMark state={TARGET_MARK[target.state]} /> {t(`target.is.${target.state}`)}
      </span>
      {target.cause || job === null ? (
        <span className={rows.cause} title={target.cause ?? undefined}>
          {target.cause}
        </span>
      ) : (
        <HowFar job={job} />
      )}
      <span className={rows.time}>{job?.heard_at ? <Ago at={job.heard_at} /> : "–"}</span>
    </div>
  );
}

function TargetsHead() {
  return (
    <div className={`${rows.cells} ${rows.targets} ${list.head}`}>
      <span>{t("target.device")}</span>
      <span className={rows.stage}>{t("target.stage")}</span>
      <span>{t("target.state")}</span>
      <span className={rows.cause}>{t("target.how_far")}</span>
      <span className={rows.time}>{t("target.heard")}</span>
    </div>
  );
}

function TargetPanel({ target, onClose }: { target: Target; onClose(): void }) {
  if (target.job) return <JobPanel key={target.job.id} id={target.job.id} known={target.job} onClose={onClose} />;
  return (
    <SidePanel label={t("job.panel")} title={target.device.name} onClose={onClose}>
      <Part title={t("target.state")}>
        <p>
          <StateMark state={TARGET_MARK[target.state]} /> <b>{t(`target.is.${target.state}`)}</b>
        </p>
        {target.cause && (
          <p>
            <Sentence text={target.cause} />
          </p>
        )}
      </Part>
    </SidePanel>
  );
}

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
          <About rollout={rollout} />
          <RolloutHistory rollout={rollout} />
        </div>
      </details>
      <Filters rollout={rollout} />
    </>
  );
}

export function Back({ onClose }: { onClose(): void }) {
  return (
    <ActionIcon
      variant="subtle"
      color="gray"
      size={36}
      className={css.back}
      onClick={onClose}
      aria-label={t("rollout.all")}
      title={t("rollout.all")}
    >
      <IconArrowLeft size={20} stroke={1.6} />
    </ActionIcon>
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
