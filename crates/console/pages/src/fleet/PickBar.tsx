// What can be done with several devices together.
import { Button } from "@mantine/core";
import { useEffect, useState } from "react";
import { DownloadMenu } from "../device/DownloadMenu";
import { coordinates } from "../domain/coordinates";
import { nameOf, type Row } from "../domain/fleet";
import { MOST_PICKED } from "../domain/picked";
import { bestPosition } from "../domain/position";
import { exact } from "../domain/time";
import { type Track, trackOfPositions } from "../domain/track";
import { radius } from "../domain/units";
import type { Trail } from "../map/track";
import { t } from "../text/text";
import { copy } from "../ui/Copyable";
import { type Preferences, usePreferences } from "../ui/preferences";
import css from "./fleet.module.css";

interface Props {
  rows: Row[];
  count: number;
  trails: Trail[];
  onFit(): void;
  onClear(): void;
}

/** A line for each device, in columns that a spreadsheet takes. */
function positionLines(rows: Row[], { coordinates: style, zone }: Preferences): string {
  const lines = rows.map(({ modem }) => {
    const at = bestPosition(modem);
    const place = at ? [coordinates(at.latitude, at.longitude, style), exact(at.at, zone)] : [t("position.none")];
    const accuracy = at?.accuracy_m == null ? [] : [radius(at.accuracy_m)];
    return [nameOf(modem), modem.imei, ...place, ...accuracy].join("\t");
  });
  return lines.join("\n");
}

export default function PickBar({ rows, count, trails, onFit, onClear }: Props) {
  const chosen = usePreferences();
  const [copied, setCopied] = useState(false);
  useEffect(() => {
    if (!copied) return;
    const timer = setTimeout(() => setCopied(false), 1500);
    return () => clearTimeout(timer);
  }, [copied]);
  const tracks = trails.flatMap(({ id, points }): Track[] => {
    const modem = rows.find((row) => row.modem.id === id)?.modem;
    return modem ? [{ name: nameOf(modem), imei: modem.imei, points: trackOfPositions(points) }] : [];
  });
  return (
    <div className={css.bar} role="group" aria-label={t("pick.bar")}>
      <b role="status">{t(count === MOST_PICKED ? "pick.most" : "pick.count", { n: count })}</b>
      <Button variant="default" size="xs" onClick={onFit}>
        {t("pick.fit")}
      </Button>
      <Button variant="default" size="xs" onClick={async () => setCopied(await copy(positionLines(rows, chosen)))}>
        {t(copied ? "pick.copied" : "pick.copy")}
      </Button>
      <DownloadMenu tracks={tracks} label={t("pick.download")} name={t("track.files")} size="xs" />
      <Button variant="default" size="xs" onClick={onClear}>
        {t("pick.clear")}
      </Button>
    </div>
  );
}
