// How far an upgrade has come: a bar with its numbers beside it, and the file that was fetched last.
import { isActive, jobProgress, jobShare } from "../domain/firmware";
import { t } from "../text/text";
import type { Job } from "./apiTypes";
import css from "./firmware.module.css";

/** The bar alone, for rows. */
export function Bar({ job }: { job: Job }) {
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
