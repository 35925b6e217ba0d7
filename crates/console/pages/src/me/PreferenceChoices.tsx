// How times, speeds and places are written, and the look; each choice shows at once everywhere.
import { type ReactNode, useState } from "react";
import { useSession } from "../api/session";
import { clock, zoneName } from "../domain/time";
import { useNow } from "../live/store";
import { t } from "../text/text";
import { Choices } from "../ui/Choices";
import { ErrorNote } from "../ui/ErrorNote";
import { COORDINATES, LOOKS, SPEEDS } from "../ui/preferences";
import css from "./me.module.css";
import { useChoices } from "./useChoices";
import { ZonePicker } from "./ZonePicker";

function Choice({ name, children }: { name: string; children: ReactNode }) {
  return (
    <>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </>
  );
}

export function PreferenceChoices() {
  const { person_id } = useSession();
  const { chosen, choose, error } = useChoices();
  const now = useNow();
  const named = chosen.zone !== "utc" && chosen.zone !== "local";
  const [finding, setFinding] = useState(false);
  const other = named || finding;
  return (
    <>
      <dl className={css.choices}>
        <Choice name={t("me.zone")}>
          <Choices
            label={t("me.zone")}
            values={["utc", "local", "other"] as const}
            chosen={other ? "other" : chosen.zone === "utc" ? "utc" : "local"}
            words={(zone) => t(`me.zone_${zone}`)}
            onChoose={(zone) => {
              setFinding(zone === "other");
              if (zone !== "other") choose({ zone });
            }}
          />
          {other && <ZonePicker chosen={named ? chosen.zone : null} onChoose={(zone) => choose({ zone })} />}
          <p className="quiet">
            {t("me.zone_now", { at: `${clock(now, now, chosen.zone)} ${zoneName(now, chosen.zone)}` })}
          </p>
        </Choice>
        <Choice name={t("me.speed")}>
          <Choices
            label={t("me.speed")}
            values={SPEEDS}
            chosen={chosen.speed}
            words={(speed) => t(`unit.${speed}`)}
            onChoose={(speed) => choose({ speed })}
          />
        </Choice>
        <Choice name={t("me.coordinates")}>
          <Choices
            label={t("me.coordinates")}
            values={COORDINATES}
            chosen={chosen.coordinates}
            words={(style) => t(`me.coordinates_${style}`)}
            onChoose={(coordinates) => choose({ coordinates })}
          />
        </Choice>
        <Choice name={t("me.look")}>
          <Choices
            label={t("me.look")}
            values={LOOKS}
            chosen={chosen.look}
            words={(look) => t(`look.${look}`)}
            onChoose={(look) => choose({ look })}
          />
        </Choice>
      </dl>
      <p className="quiet">{t(person_id === null ? "me.kept_browser" : "me.kept_person")}</p>
      {error !== null && <ErrorNote error={error} />}
    </>
  );
}
