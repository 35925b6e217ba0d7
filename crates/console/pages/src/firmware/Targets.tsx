// A device of a roll-out: as a row, and whole.
import { TARGET_MARK } from "../domain/firmware";
import { t } from "../text/text";
import { Ago } from "../ui/Ago";
import { Part } from "../ui/Facts";
import list from "../ui/list.module.css";
import { Sentence } from "../ui/Sentence";
import { SidePanel } from "../ui/SidePanel";
import { StateMark } from "../ui/StateMark";
import type { Target } from "./apiTypes";
import rows from "./firmware.module.css";
import { JobPanel } from "./JobPanel";
import { HowFar } from "./Progress";

export function TargetRow({ target }: { target: Target }) {
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

export function TargetsHead() {
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

export function TargetPanel({ target, onClose }: { target: Target; onClose(): void }) {
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
