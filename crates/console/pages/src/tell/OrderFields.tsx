// The fields of one kind of order.
import { NativeSelect, Textarea, TextInput } from "@mantine/core";
import { IconChevronDown } from "@tabler/icons-react";
import type { Modem, Offer } from "../api/types";
import {
  bytesOf,
  type Draft,
  exactSpan,
  SLEEP_UNITS,
  type SleepUnit,
  TEXT_BYTES,
  USUAL_INTERVALS,
} from "../domain/orders";
import { rounded } from "../domain/time";
import { t, tWord } from "../text/text";
import { Choices } from "../ui/Choices";
import form from "../ui/form.module.css";

interface Props {
  /** Null where several are told. */
  modem: Modem | null;
  draft: Draft;
  /** Least and greatest number that the device heeds. */
  range: Offer["range"];
  /** Why it cannot be sent as it is. */
  fault: string | null;
  onDraft(draft: Draft): void;
}

const UNITS = Object.keys(SLEEP_UNITS) as SleepUnit[];

export function OrderFields({ modem, draft, range, fault, onDraft }: Props) {
  const fill = (change: Partial<Draft>) => onDraft({ ...draft, ...change });
  switch (draft.kind) {
    case "beacon":
      return (
        <>
          {modem !== null && modem.beacon_on !== null && (
            <p className="quiet">{t(modem.beacon_on ? "tell.now_on" : "tell.now_off")}</p>
          )}
          <Choices
            label={t("tell.offer.beacon")}
            values={[true, false]}
            chosen={draft.on}
            words={(on) => t(on ? "tell.on" : "tell.off")}
            onChoose={(on) => fill({ on })}
          />
        </>
      );
    case "interval":
      return (
        <>
          {modem && (
            <p className="quiet">
              {t("tell.now_interval", {
                span: rounded(modem.interval_s),
                source: tWord("interval", modem.interval_source),
              })}
            </p>
          )}
          <Choices
            label={t("tell.usual")}
            values={USUAL_INTERVALS}
            chosen={draft.minutes === "" ? null : Number(draft.minutes)}
            words={(minutes) => t("span.minutes", { n: minutes })}
            onChoose={(minutes) => fill({ minutes: String(minutes) })}
          />
          <TextInput
            label={t("tell.minutes")}
            description={range && t("tell.minutes_range", { least: range[0], most: range[1] })}
            inputMode="numeric"
            autoFocus={modem !== null}
            maxLength={9}
            value={draft.minutes}
            error={fault}
            onChange={(e) => fill({ minutes: e.currentTarget.value })}
          />
        </>
      );
    case "sleep":
      return (
        <>
          <div className={form.pair}>
            <TextInput
              label={t("tell.for")}
              description={range && t("tell.sleep_range", { least: exactSpan(range[0]), most: exactSpan(range[1]) })}
              inputMode="decimal"
              autoFocus={modem !== null}
              maxLength={10}
              value={draft.amount}
              error={fault !== null}
              onChange={(e) => fill({ amount: e.currentTarget.value })}
            />
            <NativeSelect
              aria-label={t("tell.unit")}
              rightSection={<IconChevronDown size={16} stroke={1.6} aria-hidden="true" />}
              value={draft.unit}
              onChange={(e) => fill({ unit: e.currentTarget.value as SleepUnit })}
              data={UNITS.map((unit) => ({ value: unit, label: t(`tell.unit.${unit}`) }))}
            />
          </div>
          {fault && <p>{fault}</p>}
        </>
      );
    case "support":
      return null;
    case "text":
      return (
        <Textarea
          label={t("tell.text")}
          description={t("tell.text_help", { n: bytesOf(draft.text), most: TEXT_BYTES })}
          autosize={false}
          rows={3}
          autoFocus={modem !== null}
          spellCheck={false}
          styles={{ input: { fontFamily: "var(--mono)", fontSize: 13 } }}
          value={draft.text}
          error={fault}
          onChange={(e) => fill({ text: e.currentTarget.value })}
        />
      );
  }
}
