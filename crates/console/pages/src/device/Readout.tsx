// What the device had said last at the moment shown.
import { coordinates } from "../domain/coordinates";
import { standingAt, type Told } from "../domain/readings";
import { exact, span } from "../domain/time";
import { placeOf } from "../domain/track";
import { course, radius, speed, volts } from "../domain/units";
import { useNow } from "../live/store";
import { t } from "../text/text";
import { usePreferences } from "../ui/preferences";
import css from "./devicepage.module.css";
import { type Moment, useMomentValue } from "./moment";

interface Props {
  told: Told[];
  moment: Moment;
  onMessage(id: string): void;
}

export function Readout({ told, moment, onMessage }: Props) {
  const index = useMomentValue(moment, ({ shown }) => (shown === null ? told.length - 1 : standingAt(told, shown)));
  const away = useMomentValue(moment, ({ at }) => at !== null);
  const now = useNow();
  const { zone, coordinates: style, speed: unit } = usePreferences();
  if (told.length === 0) return <p className={css.readout} />;
  const standing = told[index];
  if (standing === undefined) return <p className={css.readout}>{t("moment.before")}</p>;
  const { at, reading } = standing;
  const place = placeOf(reading);
  const values = [
    reading.speed_m_s !== null && `${speed(reading.speed_m_s, unit)} ${t(`unit.${unit}`)}`,
    reading.course_deg !== null && course(reading.course_deg),
    reading.battery_v !== null && `${volts(reading.battery_v)} V`,
    reading.interval_s !== null && t("moment.every", { span: span(reading.interval_s) }),
    reading.late && t("position.late"),
  ].filter((value) => value !== false);
  return (
    <p className={css.readout}>
      <b title={t("time.ago", { span: span((now - at) / 1000) })}>{exact(at, zone)}</b>
      <span>
        {place
          ? `${coordinates(place.latitude, place.longitude, style)}${place.accuracy_m === null ? "" : ` ${radius(place.accuracy_m)}`}`
          : t("moment.no_place")}
      </span>
      {values.map((value) => (
        <span key={value}>{value}</span>
      ))}
      <span className={css.links}>
        <button type="button" className="link" onClick={() => onMessage(reading.message_id)}>
          {t("moment.message")}
        </button>
        {away && (
          <button type="button" className="link" onClick={() => moment.choose(null)}>
            {t("moment.newest")}
          </button>
        )}
      </span>
    </p>
  );
}
