// Which time is shown: counted back from now, or from and to.
import { Input } from "@mantine/core";
import { useId, useState } from "react";
import { fromWallTime, RANGES, type RangeName, wallTime } from "../domain/range";
import { zoneName } from "../domain/time";
import { t } from "../text/text";
import { Choices } from "../ui/Choices";
import { usePreferences } from "../ui/preferences";
import { useAddress } from "../ui/useAddress";
import css from "./devicepage.module.css";

interface RangeProps {
  range: RangeName;
  start: number;
  end: number;
}

function TimeField({ label, value, onChange }: { label: string; value: string; onChange(text: string): void }) {
  const id = useId();
  return (
    <div className={css.time}>
      <label htmlFor={id}>{label}</label>
      <Input id={id} type="datetime-local" value={value} onChange={(event) => onChange(event.currentTarget.value)} />
    </div>
  );
}

/** From and to as the person's clock shows them; they count together, when both are times and the person goes on. */
export function CustomRange({ start, end }: { start: number; end: number }) {
  const [, change] = useAddress();
  const { zone } = usePreferences();
  const shown = { from: wallTime(start, zone), to: wallTime(end, zone) };
  const [from, setFrom] = useState(shown.from);
  const [to, setTo] = useState(shown.to);
  const [first, last] = [fromWallTime(from, zone), fromWallTime(to, zone)];
  const wrong = first !== null && last !== null && first >= last;
  const settle = () => {
    if (first === null || last === null || wrong || (from === shown.from && to === shown.to)) return;
    change({ from: new Date(first).toISOString(), to: new Date(last).toISOString(), at: null }, true);
  };
  return (
    <fieldset
      className={css.custom}
      onBlur={(event) => !event.currentTarget.contains(event.relatedTarget) && settle()}
      onKeyDown={(event) => event.key === "Enter" && settle()}
    >
      {wrong && (
        <span className={css.wrong} role="alert">
          {t("range.order")}
        </span>
      )}
      <TimeField label={t("range.from", { zone: zoneName(start, zone) })} value={from} onChange={setFrom} />
      <TimeField label={t("range.to", { zone: zoneName(end, zone) })} value={to} onChange={setTo} />
    </fieldset>
  );
}

export function RangeChoice({ range, start, end }: RangeProps) {
  const [, change] = useAddress();
  const choose = (name: RangeName) => {
    if (name === range) return;
    const custom = name === "custom";
    const iso = (at: number) => (custom ? new Date(at).toISOString() : null);
    change({ range: custom || name === "7d" ? null : name, from: iso(start), to: iso(end), at: null }, true);
  };
  return (
    <div className={css.range}>
      <Choices
        label={t("range.label")}
        values={RANGES}
        chosen={range}
        words={(name) => t(`range.${name}`)}
        onChoose={choose}
      />
    </div>
  );
}
