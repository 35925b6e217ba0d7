// The stages of a roll-out as a picture: a bar for each, with where the next one begins and where all stops.
import { countsWords, STAGE_MARK, slices, thresholdMarks, thresholdWords } from "../domain/firmware";
import { t } from "../text/text";
import { StateMark } from "../ui/StateMark";
import type { Stage } from "./apiTypes";
import rows from "./firmware.module.css";
import css from "./rollout.module.css";

type Counted = Parameters<typeof slices>[0];
type Marks = ReturnType<typeof thresholdMarks>;

/** Devices by how they are; what is won grows from the left, what is lost from the right. */
export function StageBar({ stage, marks }: { stage: Counted; marks?: Marks }) {
  return (
    <span className={rows.stageBar} data-tall={marks !== undefined} role="img" aria-label={countsWords(stage)}>
      {slices(stage).map((slice) => (
        <i key={slice.is} data-is={slice.is} style={{ width: `${slice.percent}%` }} />
      ))}
      {marks && marks.success !== null && <b data-at="success" style={{ left: `${marks.success}%` }} />}
      {marks && marks.error !== null && <b data-at="error" style={{ left: `${marks.error}%` }} />}
    </span>
  );
}

interface Props {
  stages: Stage[];
  /** The stage whose devices are shown. */
  shown: number | null;
  onShow(stage: number | null): void;
}

export function Stages({ stages, shown, onShow }: Props) {
  return (
    <ol className={css.stages} aria-label={t("stage.stages")}>
      {stages.map((stage, i) => {
        const last = i === stages.length - 1;
        const picked = shown === stage.ordinal;
        return (
          <li key={stage.ordinal} data-state={stage.state} data-picked={picked}>
            <p className={css.stageHead}>
              <StateMark state={STAGE_MARK[stage.state]} /> <b>{t("stage.title", { n: stage.ordinal })}</b>
              <span className="quiet">
                {t(`stage.is.${stage.state}`)} · {t("devices", { n: stage.devices })}
              </span>
              <button type="button" aria-pressed={picked} onClick={() => onShow(picked ? null : stage.ordinal)}>
                {t("stage.show")}
              </button>
            </p>
            <StageBar stage={stage} marks={thresholdMarks(stage, last)} />
            <p className={css.stageWords}>
              <span>{countsWords(stage)}</span> <span className="quiet">{thresholdWords(stage, last)}</span>
            </p>
          </li>
        );
      })}
    </ol>
  );
}
