// What was spent: by account, by device, by day, between two days of UTC.
import { Skeleton, TextInput } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useMemo, useState } from "react";
import * as calls from "../api/calls";
import { CREDITS_BY, type CreditsBy, type Spent } from "../api/types";
import { nameOf } from "../domain/fleet";
import { lastDays } from "../domain/outgoing";
import { useLive, useNow } from "../live/store";
import { t } from "../text/text";
import { Choices } from "../ui/Choices";
import { ErrorNote } from "../ui/ErrorNote";
import form from "../ui/form.module.css";
import { SidePanel } from "../ui/SidePanel";
import css from "./outgoing.module.css";

const DAYS = 30;

function Sums({ by, spent }: { by: CreditsBy; spent: Spent[] }) {
  const modems = useLive((live) => live.modems);
  const names = useMemo(() => new Map([...modems.values()].map((m) => [m.imei, nameOf(m)])), [modems]);
  const most = Math.max(1, ...spent.map((row) => row.credits));
  const sum = (of: "credits" | "calls") => spent.reduce((all, row) => all + row[of], 0);
  if (spent.length === 0) return <p className="quiet">{t("spent.none")}</p>;
  return (
    <table className={css.spent}>
      <thead>
        <tr>
          <th>{t(`spent.by.${by}`)}</th>
          <th>{t("spent.credits")}</th>
          <th>{t("spent.calls")}</th>
        </tr>
      </thead>
      <tbody>
        {spent.map((row) => (
          <tr key={row.key}>
            <td>
              {(by === "modem" && names.get(row.key)) || row.label}
              <i style={{ width: `${(100 * row.credits) / most}%` }} />
            </td>
            <td>{row.credits.toLocaleString("en")}</td>
            <td>{row.calls.toLocaleString("en")}</td>
          </tr>
        ))}
      </tbody>
      <tfoot>
        <tr>
          <td>{t("spent.sum")}</td>
          <td>{sum("credits").toLocaleString("en")}</td>
          <td>{sum("calls").toLocaleString("en")}</td>
        </tr>
      </tfoot>
    </table>
  );
}

interface Props {
  by: CreditsBy;
  onBy(by: CreditsBy): void;
  onClose(): void;
}

export function CreditsPanel({ by, onBy, onClose }: Props) {
  const now = useNow();
  const [days, setDays] = useState<[from: string, to: string] | null>(null);
  const [from, to] = days ?? lastDays(now, DAYS);
  const wrong = from === "" || to === "" || from > to;
  const { data, error, refetch, isPending } = useQuery({
    queryKey: ["credits", by, from, to],
    queryFn: () => calls.credits(by, from, to),
    enabled: !wrong,
  });
  return (
    <SidePanel label={t("spent.panel")} title={t("spent.panel")} onClose={onClose}>
      <div className={css.spentForm}>
        <Choices
          label={t("spent.by")}
          values={CREDITS_BY}
          chosen={by}
          words={(v) => t(`spent.by.${v}`)}
          onChoose={onBy}
        />
        <div className={form.pair}>
          <TextInput
            type="date"
            label={t("spent.from")}
            value={from}
            onChange={(e) => setDays([e.currentTarget.value, to])}
          />
          <TextInput
            type="date"
            label={t("spent.to")}
            value={to}
            error={wrong && t("spent.order")}
            onChange={(e) => setDays([from, e.currentTarget.value])}
          />
        </div>
      </div>
      <div className={css.spentBody}>
        {error && <ErrorNote error={error} retry={() => void refetch()} />}
        {data ? <Sums by={by} spent={data.items} /> : isPending && !wrong && <Skeleton height={80} />}
        <p className={css.note}>{t("spent.how")}</p>
      </div>
    </SidePanel>
  );
}
