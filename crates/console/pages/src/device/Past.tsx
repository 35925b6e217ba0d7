// Where a device has been and how it fared: map, moment and plots over one time.
import { type ReactNode, useMemo } from "react";
import type { Modem } from "../api/types";
import { relative } from "../domain/time";
import type { SpeedScale, Track } from "../domain/track";
import { useNow } from "../live/store";
import { t } from "../text/text";
import { Empty } from "../ui/Empty";
import { ErrorNote } from "../ui/ErrorNote";
import { useAddress } from "../ui/useAddress";
import { Share } from "./DeviceHead";
import css from "./devicepage.module.css";
import { JourneyMap } from "./JourneyMap";
import type { Moment } from "./moment";
import { Plots } from "./Plots";
import { ReadingsTable } from "./ReadingsTable";
import { Readout } from "./Readout";
import { TimeSlider } from "./TimeSlider";
import { type History, MOST_READINGS } from "./useReadings";

interface Props {
  modem: Modem;
  history: History;
  track: Track;
  scale: SpeedScale | null;
  start: number;
  end: number;
  moment: Moment;
  /** On a phone they stand here. */
  ranges: ReactNode;
  onMessage(id: string): void;
}

function Nothing({ modem }: { modem: Modem }) {
  const now = useNow();
  return (
    <Empty title={t("range.empty")}>
      {modem.last_seen_at ? t("range.empty_how", { ago: relative(modem.last_seen_at, now) }) : t("range.empty_never")}
    </Empty>
  );
}

export function Past({ modem, history, track, scale, start, end, moment, ranges, onMessage }: Props) {
  const [search, change] = useAddress();
  const { told, silent, error } = history;
  const asTable = search.get("values") === "table";
  const range = useMemo<[number, number]>(() => [start, end], [start, end]);
  return (
    <div className={css.left}>
      {ranges}
      <JourneyMap modem={modem} points={track.points} scale={scale} moment={moment} />
      {error !== null && error !== undefined && <ErrorNote error={error} retry={history.retry} />}
      {!history.waiting && !error && told.length === 0 ? (
        <Nothing modem={modem} />
      ) : (
        <div className={css.over}>
          <TimeSlider told={told} range={range} moment={moment} />
          <Readout told={told} moment={moment} onMessage={onMessage} />
          {asTable ? (
            <ReadingsTable told={told} moment={moment} />
          ) : (
            <Plots told={told} silent={silent} range={range} moment={moment} />
          )}
          <p className={css.below}>
            <button type="button" className="link" onClick={() => change({ values: asTable ? null : "table" }, true)}>
              {t(asTable ? "plot.as_plots" : "plot.as_table")}
            </button>
            <span className="quiet" role="status">
              {history.reading && t("range.reading")}
              {history.capped && t("range.capped", { n: MOST_READINGS })}
            </span>
          </p>
          {ranges && (
            <div className={css.share}>
              <Share track={track} />
            </div>
          )}
        </div>
      )}
    </div>
  );
}
