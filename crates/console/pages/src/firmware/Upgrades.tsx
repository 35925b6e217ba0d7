// The upgrades of single devices, newest first: how far each has come, and starting one.
import { Button, CloseButton, NativeSelect } from "@mantine/core";
import { IconPlus } from "@tabler/icons-react";
import type { ReactNode } from "react";
import { useSession } from "../api/session";
import { JOB_MARK, mayUpgrade, revisionName } from "../domain/firmware";
import { t } from "../text/text";
import { Ago } from "../ui/Ago";
import { Empty } from "../ui/Empty";
import { Roster, usePaged } from "../ui/Roster";
import { SectionFrame } from "../ui/SectionFrame";
import { StateMark } from "../ui/StateMark";
import { useAddress } from "../ui/useAddress";
import { NEW } from "./address";
import type { Job } from "./apiTypes";
import * as calls from "./calls";
import { chevron } from "./chevron";
import css from "./firmware.module.css";
import { JobPanel } from "./JobPanel";
import { NewUpgradePanel } from "./NewUpgradePanel";
import { JOBS } from "./news";
import { HowFar } from "./Progress";

const FILTERS = ["active", "ended"] as const;

function JobRow({ job }: { job: Job }) {
  return (
    <div className={`${css.cells} ${css.jobs}`}>
      <span className={css.name} title={job.device.name}>
        {job.device.name}
      </span>
      <span className={css.where} title={job.revision}>
        {revisionName(job.revision)}
      </span>
      <span className={css.state}>
        <StateMark state={JOB_MARK[job.state]} /> {t(`job.state.${job.state}`)}
      </span>
      <HowFar job={job} />
      <span className={css.heard}>{job.heard_at ? <Ago at={job.heard_at} /> : "–"}</span>
      <span className={css.time}>
        <Ago at={job.created_at} />
      </span>
    </div>
  );
}

export function Upgrades({ tabs }: { tabs: ReactNode }) {
  const { role } = useSession();
  const [search, change] = useAddress();
  const opened = search.get("open");
  const state = FILTERS.find((one) => one === search.get("state"));
  const device = search.get("device") ?? undefined;
  const paged = usePaged([...JOBS, "list", state, device], (cursor) =>
    calls.jobs({ state, device_id: device }, cursor),
  );
  const show = (id: string | null) => change({ open: id, version: null }, id !== null && opened !== null);
  const filtered = state !== undefined || device !== undefined;
  const close = () => show(null);
  const panel =
    opened === null ? null : opened === NEW ? (
      <NewUpgradePanel
        deviceId={search.get("of")}
        versionId={search.get("version") ?? undefined}
        onDevice={(of) => change({ of }, true)}
        onClose={() => change({ open: null, of: null, version: null })}
      />
    ) : (
      <JobPanel key={opened} id={opened} known={paged.items.find(({ id }) => id === opened)} onClose={close} />
    );
  return (
    <SectionFrame
      label={t("firmware.section.upgrades")}
      tabs={tabs}
      panel={panel}
      aside={
        <div className={css.tools}>
          {device !== undefined && (
            <span className={css.only}>
              {t("job.only_device")}
              <CloseButton
                size={36}
                onClick={() => change({ device: null, open: null }, true)}
                aria-label={t("job.no_filter")}
                title={t("job.no_filter")}
              />
            </span>
          )}
          <NativeSelect
            rightSection={chevron}
            aria-label={t("job.state")}
            value={state ?? ""}
            onChange={(e) => change({ state: e.currentTarget.value, open: null }, true)}
            data={[
              { value: "", label: t("job.any_state") },
              ...FILTERS.map((one) => ({ value: one, label: t(`job.${one}`) })),
            ]}
          />
          {mayUpgrade(role) && (
            <Button leftSection={<IconPlus size={16} aria-hidden="true" />} onClick={() => show(NEW)}>
              {t("job.new")}
            </Button>
          )}
        </div>
      }
    >
      <Roster
        label={t("firmware.section.upgrades")}
        className={`${css.cells} ${css.jobs}`}
        paged={paged}
        opened={opened === NEW ? null : opened}
        head={
          <>
            <span>{t("job.device")}</span>
            <span className={css.where}>{t("job.version")}</span>
            <span>{t("job.state")}</span>
            <span className={css.cause}>{t("job.how_far")}</span>
            <span className={css.heard}>{t("job.heard")}</span>
            <span className={css.time}>{t("job.at")}</span>
          </>
        }
        row={(job) => <JobRow job={job} />}
        more={t("firmware.more")}
        empty={
          filtered ? (
            <Empty title={t("job.none_found")}>{t("job.none_found_how")}</Empty>
          ) : (
            <Empty title={t("job.empty")}>{t("job.empty_how")}</Empty>
          )
        }
        onOpen={show}
      />
    </SectionFrame>
  );
}
