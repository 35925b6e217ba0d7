// What is not as it should be with a device: its open problems, and the messages that never arrived.
import { useQuery } from "@tanstack/react-query";
import { Link } from "react-router";
import * as calls from "../api/calls";
import type { Gap, Modem } from "../api/types";
import { useLive } from "../live/store";
import { t, tWord } from "../text/text";
import { Ago } from "../ui/Ago";
import { ErrorNote } from "../ui/ErrorNote";
import { Part } from "../ui/Facts";
import { StateMark } from "../ui/StateMark";
import css from "./device.module.css";

/** As many as a person reads before the values below. */
const SHOWN = 5;

export function DeviceProblems({ modem }: { modem: Modem }) {
  const problems = useLive((live) => live.problems);
  if (modem.open_problems === 0) return null;
  const own = [...problems.values()].filter((p) => p.modem_id === modem.id || p.imei === modem.imei);
  return (
    <Part title={t("device.problems")} aside={String(modem.open_problems)}>
      <ul className={css.lines}>
        {own.slice(0, SHOWN).map((problem) => (
          <li key={problem.id}>
            <StateMark state="problem" />
            <Link className="link" to={`/problems?problem=${problem.id}`}>
              {tWord("problem.kind", problem.kind)}
            </Link>
            <span className="quiet">
              <Ago at={problem.created_at} />
            </span>
          </li>
        ))}
        {(own.length === 0 || own.length > SHOWN) && (
          <li>
            <Link className="link" to="/problems">
              {t("device.problems_all")}
            </Link>
          </li>
        )}
      </ul>
    </Part>
  );
}

/** Which numbers never arrived. */
export function gapText(gap: Gap): string {
  if (gap.first_momsn === gap.last_momsn) return t("gap.one", { momsn: String(gap.first_momsn) });
  return t("gap.range", { first: String(gap.first_momsn), last: String(gap.last_momsn), n: gap.count });
}

export function DeviceGaps({ modem }: { modem: Modem }) {
  const { data, error, refetch } = useQuery({
    queryKey: ["gaps", modem.id, modem.missing],
    queryFn: () => calls.gaps(modem.id),
    enabled: modem.missing > 0,
  });
  return (
    <Part title={t("device.missing")} aside={modem.momsn === null ? undefined : String(modem.missing)}>
      {modem.missing === 0 && <p className="quiet">{t(modem.momsn === null ? "gap.unknown" : "gap.none")}</p>}
      {error && <ErrorNote error={error} retry={() => void refetch()} />}
      <ul className={css.lines}>
        {data?.items.map((gap) => (
          <li key={gap.first_momsn}>
            <span>{gapText(gap)}</span>
            {gap.after_at && (
              <span className="quiet">
                <Ago at={gap.after_at} />
              </span>
            )}
          </li>
        ))}
      </ul>
    </Part>
  );
}
