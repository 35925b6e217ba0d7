// The roll-outs, newest first; one of them, or the form for a new one, in their place.
import { Button } from "@mantine/core";
import { IconPlus } from "@tabler/icons-react";
import type { ReactNode } from "react";
import { Link } from "react-router";
import { useSession } from "../api/session";
import { countsWords, mayUpgrade, revisionName, rolloutMark, totals } from "../domain/firmware";
import { t } from "../text/text";
import { Ago } from "../ui/Ago";
import { Empty } from "../ui/Empty";
import { Roster, usePaged } from "../ui/Roster";
import { SectionFrame } from "../ui/SectionFrame";
import { StateMark } from "../ui/StateMark";
import { useAddress } from "../ui/useAddress";
import { NEW } from "./address";
import type { Rollout } from "./apiTypes";
import * as calls from "./calls";
import css from "./firmware.module.css";
import { NewRollout } from "./NewRollout";
import { ROLLOUTS } from "./news";
import { RolloutPage } from "./RolloutPage";
import { StageBar } from "./Stages";
import { useReadyVersions } from "./StartUpgrade";

function RolloutRow({ rollout }: { rollout: Rollout }) {
  const sum = totals(rollout.stages);
  return (
    <div className={`${css.cells} ${css.rollouts}`}>
      <span className={css.name} title={rollout.name}>
        {rollout.name}
      </span>
      <span className={css.where} title={rollout.version.revision}>
        {revisionName(rollout.version.revision)}
      </span>
      <span className={css.state}>
        <StateMark state={rolloutMark(rollout)} /> {t(`rollout.state.${rollout.state}`)}
      </span>
      <span className={css.howFar} title={countsWords(sum)}>
        <StageBar stage={sum} />
        <span>
          {sum.succeeded}/{sum.devices - sum.skipped}
        </span>
      </span>
      <span className={css.by} title={rollout.created_by}>
        {rollout.created_by}
      </span>
      <span className={css.time}>
        <Ago at={rollout.created_at} />
      </span>
    </div>
  );
}

function Nothing() {
  const versions = useReadyVersions();
  return (
    <Empty title={t("rollout.empty")}>
      <p>{t("rollout.empty_how")}</p>
      {!versions.waiting && versions.items.length === 0 && (
        <p>
          <Link className="link" to="/firmware?show=versions">
            {t("rollout.empty_first")}
          </Link>
        </p>
      )}
    </Empty>
  );
}

export function Rollouts({ tabs }: { tabs: ReactNode }) {
  const { role } = useSession();
  const [search, change] = useAddress();
  const opened = search.get("open");
  const paged = usePaged(ROLLOUTS, calls.rollouts);
  const show = (id: string | null) => change({ open: id, version: null, state: null, stage: null, of: null });
  if (opened === NEW) {
    return <NewRollout versionId={search.get("version") ?? undefined} onMade={show} onClose={() => show(null)} />;
  }
  if (opened !== null) return <RolloutPage key={opened} id={opened} onClose={() => show(null)} />;
  return (
    <SectionFrame
      label={t("firmware.section.rollouts")}
      tabs={tabs}
      panel={null}
      aside={
        mayUpgrade(role) && (
          <Button leftSection={<IconPlus size={16} aria-hidden="true" />} onClick={() => show(NEW)}>
            {t("rollout.new")}
          </Button>
        )
      }
    >
      <Roster
        label={t("firmware.section.rollouts")}
        className={`${css.cells} ${css.rollouts}`}
        paged={paged}
        opened={null}
        head={
          <>
            <span>{t("rollout.name")}</span>
            <span className={css.where}>{t("rollout.version")}</span>
            <span>{t("rollout.state")}</span>
            <span>{t("rollout.how_far")}</span>
            <span className={css.by}>{t("rollout.by")}</span>
            <span className={css.time}>{t("rollout.at")}</span>
          </>
        }
        row={(rollout) => <RolloutRow rollout={rollout} />}
        more={t("firmware.more")}
        empty={<Nothing />}
        onOpen={show}
      />
    </SectionFrame>
  );
}
