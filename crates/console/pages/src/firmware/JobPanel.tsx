// One upgrade whole: how far it has come and why, what it belongs to, and its times.
import { Skeleton } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { Link } from "react-router";
import { ApiError } from "../api/client";
import { isActive, revisionName } from "../domain/firmware";
import { t } from "../text/text";
import { AgoExact } from "../ui/Ago";
import { Empty } from "../ui/Empty";
import { ErrorNote } from "../ui/ErrorNote";
import { Fact, Facts, Part } from "../ui/Facts";
import { SidePanel } from "../ui/SidePanel";
import type { Job } from "./apiTypes";
import * as calls from "./calls";
import css from "./firmware.module.css";
import { CancelJob, JobState } from "./JobState";
import { jobKey } from "./news";
import { Progress } from "./Progress";
import { Has, useDevice } from "./UpgradeBox";

function About({ job }: { job: Job }) {
  return (
    <Part title={t("job.about")}>
      <Facts>
        <Fact name={t("job.device")}>
          <Link className="link" to={`/devices?open=${job.device.id}`}>
            {job.device.name}
          </Link>
        </Fact>
        <Fact name={t("job.version")}>
          <Link className="link" to={`/firmware?show=versions&open=${job.version_id}`}>
            {revisionName(job.revision)}
          </Link>
        </Fact>
        {job.rollout_id && (
          <Fact name={t("job.rollout")}>
            <Link className="link" to={`/firmware?open=${job.rollout_id}`}>
              {t("job.rollout_link")}
            </Link>
          </Fact>
        )}
        <Fact name={t("job.asked_by")}>
          {job.asked_by}, <AgoExact at={job.created_at} />
        </Fact>
        {job.started_at && (
          <Fact name={t("job.started")}>
            <AgoExact at={job.started_at} />
          </Fact>
        )}
        {job.heard_at && (
          <Fact name={t("job.heard")}>
            <AgoExact at={job.heard_at} />
          </Fact>
        )}
        {job.ended_at && (
          <Fact name={t("job.ended_at")}>
            <AgoExact at={job.ended_at} />
          </Fact>
        )}
        <Fact name={t("job.attempts")}>{String(job.attempts)}</Fact>
        {job.current_file && (
          <Fact name={t("job.last_file")}>
            <span className="mono">{job.current_file}</span>
          </Fact>
        )}
        <Fact name={t("job.number")}>{String(job.number)}</Fact>
      </Facts>
    </Part>
  );
}

interface Props {
  id: string;
  /** As a list has it, until it is read. */
  known: Job | undefined;
  onClose(): void;
}

export function JobPanel({ id, known, onClose }: Props) {
  const { data: job = known, error, refetch } = useQuery({ queryKey: jobKey(id), queryFn: () => calls.job(id) });
  const gone = error instanceof ApiError && error.status === 404;
  return (
    <SidePanel label={t("job.panel")} title={job?.device.name ?? t("job.panel")} onClose={onClose}>
      {job && <Whole job={job} />}
      {gone && <Empty title={t("job.gone")}>{t("job.gone_how")}</Empty>}
      {error && !gone && <ErrorNote error={error} retry={() => void refetch()} />}
      {!job && !error && <Skeleton height={120} m={16} />}
    </SidePanel>
  );
}

function Whole({ job }: { job: Job }) {
  const { data: device } = useDevice(job.device.id);
  return (
    <>
      <div className={css.head}>
        <JobState job={job} connected={device?.presence?.connected ?? null} />
        {!isActive(job.state) && job.state !== "succeeded" && job.files_done > 0 && <Progress job={job} />}
        <CancelJob job={job} />
      </div>
      <About job={job} />
      {device && (
        <Part title={t("upgrade.title")}>
          <Has device={device} />
          {!isActive(job.state) && (
            <p className={css.again}>
              <Link className="link" to={`/firmware?show=upgrades&open=new&of=${device.id}`}>
                {t("job.again")}
              </Link>
            </p>
          )}
        </Part>
      )}
    </>
  );
}
