// How far an upgrade has come: a bar with its numbers beside it, and the file that was fetched last.
import { isActive, jobProgress, jobRowWords, jobShare } from "../domain/firmware";
import { t } from "../text/text";
import type { Job } from "./apiTypes";
import css from "./firmware.module.css";

function Bar({ job }: { job: Job }) {
  const percent = Math.floor(100 * jobShare(job));
  return (
    <span
      className={css.bar}
      role="progressbar"
      aria-label={t("job.done_percent", { n: percent })}
      aria-valuenow={percent}
      aria-valuemin={0}
      aria-valuemax={100}
      data-active={isActive(job.state)}
    >
      <i style={{ width: `${percent}%` }} />
    </span>
  );
}

export function Progress({ job }: { job: Job }) {
  if (job.files_done === 0 && job.bytes_done === 0 && job.state !== "transferring") return null;
  return (
    <div className={css.progress}>
      <Bar job={job} />
      <p className={css.progressWords}>
        <span>{jobProgress(job)}</span>
        {job.current_file && isActive(job.state) && (
          <span className="mono" title={job.current_file}>
            {job.current_file}
          </span>
        )}
      </p>
    </div>
  );
}

/** What stands in a row where the progress is: the bar while it moves, else what it waits for or why it ended. */
export function HowFar({ job }: { job: Job }) {
  if (job.state !== "transferring" || job.files === 0) {
    const words = jobRowWords(job);
    return (
      <span className={css.cause} title={words}>
        {words}
      </span>
    );
  }
  return (
    <span className={css.howFar}>
      <Bar job={job} />
      <span>
        {job.files_done}/{job.files}
      </span>
      <span className="mono" title={job.current_file ?? undefined}>
        {job.current_file}
      </span>
    </span>
  );
}
