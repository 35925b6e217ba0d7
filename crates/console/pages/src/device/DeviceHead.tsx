// Which device this is, how it is in a few words, which time is shown, and what can be taken along.
import { ActionIcon, Button, Input } from "@mantine/core";
import { IconArrowLeft, IconCheck, IconLink } from "@tabler/icons-react";
import { type ReactNode, useEffect, useId, useState } from "react";
import { Link } from "react-router";
import type { Modem } from "../api/types";
import { nameOf } from "../domain/fleet";
import { fromWallTime, RANGES, type RangeName, wallTime } from "../domain/range";
import { rhythm } from "../domain/rhythm";
import { span, zoneName } from "../domain/time";
import type { Track } from "../domain/track";
import { useNow } from "../live/store";
import { t } from "../text/text";
import { Choices } from "../ui/Choices";
import { Copyable, copy } from "../ui/Copyable";
import { usePreferences } from "../ui/preferences";
import { StateMark } from "../ui/StateMark";
import { useAddress } from "../ui/useAddress";
import { DownloadMenu } from "./DownloadMenu";
import css from "./devicepage.module.css";

interface RangeProps {
  range: RangeName;
  start: number;
  end: number;
}

/** `Ok · next in 7 min`. */
function Standing({ modem }: { modem: Modem }) {
  const now = useNow();
  const state = rhythm(modem, now);
  const due = modem.expected_at === null ? null : (Date.parse(modem.expected_at) - now) / 1000;
  return (
    <span className={css.standing}>
      <StateMark state={state} />
      <b>{t(`state.${state}`)}</b>
      {due !== null && state !== "never" && (
        <span className="quiet">
          {due >= 0 ? t("device.expected_in", { span: span(due) }) : t("device.expected_over", { span: span(-due) })}
        </span>
      )}
    </span>
  );
}

function CopyLink() {
  const [copied, setCopied] = useState(false);
  useEffect(() => {
    if (!copied) return;
    const timer = setTimeout(() => setCopied(false), 1500);
    return () => clearTimeout(timer);
  }, [copied]);
  return (
    <>
      <Button
        variant="default"
        px={12}
        leftSection={copied ? <IconCheck size={16} /> : <IconLink size={16} stroke={1.6} />}
        title={t("device.copy_link_help")}
        onClick={async () => setCopied(await copy(window.location.href))}
      >
        {t("device.copy_link")}
      </Button>
      <span className="hidden" role="status">
        {copied ? t("action.copied") : ""}
      </span>
    </>
  );
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

/** From and to as the person's clock shows them; they count together, once both are times. */
export function CustomRange({ start, end }: { start: number; end: number }) {
  const [, change] = useAddress();
  const { zone } = usePreferences();
  const [from, setFrom] = useState(wallTime(start, zone));
  const [to, setTo] = useState(wallTime(end, zone));
  const [first, last] = [fromWallTime(from, zone), fromWallTime(to, zone)];
  const wrong = first !== null && last !== null && first >= last;
  const settle = () => {
    if (first === null || last === null || wrong) return;
    change({ from: new Date(first).toISOString(), to: new Date(last).toISOString(), at: null }, true);
  };
  return (
    <fieldset className={css.custom} onBlur={settle} onKeyDown={(event) => event.key === "Enter" && settle()}>
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

/** What can be taken along: the track as a file, the page as a link. */
export function Share({ track }: { track: Track }) {
  return (
    <>
      <DownloadMenu tracks={[track]} label={t("track.download")} help={t("track.download_help")} name={track.name} />
      <CopyLink />
    </>
  );
}

/** `tools`: only where there is room for them. */
export function DeviceHead({ modem, tools }: { modem: Modem; tools: ReactNode }) {
  return (
    <header className={css.head}>
      <ActionIcon component={Link} to="/" variant="subtle" color="gray" size={44} aria-label={t("device.back")}>
        <IconArrowLeft size={20} stroke={1.6} />
      </ActionIcon>
      <div className={css.who}>
        <h1>{nameOf(modem)}</h1>
        <Standing modem={modem} />
        <span className={css.imei}>
          {t("device.imei")} <Copyable text={modem.imei} />
        </span>
      </div>
      {tools && <div className={css.tools}>{tools}</div>}
    </header>
  );
}
