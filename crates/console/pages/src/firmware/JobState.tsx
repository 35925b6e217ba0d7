// How an upgrade is, in its words and its progress; and cancelling it.
import { Button } from "@mantine/core";
import { useState } from "react";
import { useSession } from "../api/session";
import { isActive, JOB_MARK, jobSentence, mayUpgrade, revisionName } from "../domain/firmware";
import { t } from "../text/text";
import { Ago } from "../ui/Ago";
import form from "../ui/form.module.css";
import { ReasonForm } from "../ui/ReasonForm";
import { Sentence } from "../ui/Sentence";
import { StateMark } from "../ui/StateMark";
import type { Job } from "./apiTypes";
import * as calls from "./calls";
import css from "./firmware.module.css";
import { useTake } from "./news";
import { Progress } from "./Progress";

/** `connected`: whether the device has a line now; null where that is not known. */
export function JobState({ job, connected }: { job: Job; connected: boolean | null }) {
  return (
    <div className={css.jobState}>
      <p>
        <StateMark state={JOB_MARK[job.state]} /> <b>{t(`job.state.${job.state}`)}</b>{" "}
        <span className="quiet">
          {revisionName(job.revision)}, <Ago at={job.ended_at ?? job.heard_at ?? job.created_at} />
        </span>
      </p>
      {isActive(job.state) && <Progress job={job} />}
      <p className={isActive(job.state) ? "quiet" : undefined}>
        <Sentence text={jobSentence(job, connected)} />
      </p>
    </div>
  );
}

export function CancelJob({ job }: { job: Job }) {
  const { role } = useSession();
  const take = useTake();
  const [open, setOpen] = useState(false);
  if (!isActive(job.state) || !mayUpgrade(role)) return null;
  if (!open) {
    return (
      <div className={form.buttons}>
        <Button variant="default" size="xs" onClick={() => setOpen(true)}>
          {t("job.cancel")}
        </Button>
      </div>
    );
  }
  return (
    <ReasonForm
      effect={t(job.state === "transferring" ? "job.cancel_effect_fetching" : "job.cancel_effect_waiting")}
      confirm={t("job.cancel_confirm")}
      run={(reason) => calls.cancelJob(job.id, reason)}
      onDone={(cancelled) => {
        setOpen(false);
        take({ type: "job", job: cancelled });
      }}
      onCancel={() => setOpen(false)}
    />
  );
}
