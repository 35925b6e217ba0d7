// What there is to know of a roll-out beside how far it has come.
import { Link } from "react-router";
import { revisionName, shortCommit } from "../domain/firmware";
import { span } from "../domain/time";
import { t } from "../text/text";
import { AgoExact } from "../ui/Ago";
import { Fact, Facts, Part } from "../ui/Facts";
import type { Rollout } from "./apiTypes";

export function RolloutAbout({ rollout }: { rollout: Rollout }) {
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
