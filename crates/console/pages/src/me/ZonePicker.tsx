// Finds any time zone of the world by a part of its name.
import { TextInput } from "@mantine/core";
import { type KeyboardEvent, useId, useMemo, useState } from "react";
import { zoneName } from "../domain/time";
import { findZones, zoneTitle } from "../domain/zones";
import { useNow } from "../live/store";
import { t } from "../text/text";
import css from "./me.module.css";

interface Props {
  chosen: string | null;
  onChoose(zone: string): void;
}

export function ZonePicker({ chosen, onChoose }: Props) {
  const list = useId();
  const now = useNow();
  const [text, setText] = useState("");
  const [at, setAt] = useState(0);
  const zones = useMemo(() => Intl.supportedValuesOf("timeZone"), []);
  const found = findZones(text, zones);
  const choose = (zone: string | undefined) => {
    if (zone === undefined) return;
    onChoose(zone);
    setText("");
    setAt(0);
  };
  const onKey = (event: KeyboardEvent) => {
    if (event.key === "ArrowDown") setAt(Math.min(found.length - 1, at + 1));
    else if (event.key === "ArrowUp") setAt(Math.max(0, at - 1));
    else if (event.key === "Enter") choose(found[at]);
    else if (event.key === "Escape") setText("");
    else return;
    event.preventDefault();
  };
  return (
    <div className={css.zones}>
      <TextInput
        role="combobox"
        aria-label={t("me.zone_find")}
        aria-expanded={found.length > 0}
        aria-controls={list}
        aria-activedescendant={found[at] && `${list}-${at}`}
        aria-autocomplete="list"
        autoComplete="off"
        spellCheck={false}
        autoFocus={chosen === null}
        placeholder={chosen === null ? t("me.zone_hint") : zoneTitle(chosen)}
        value={text}
        onChange={(e) => {
          setText(e.currentTarget.value);
          setAt(0);
        }}
        onKeyDown={onKey}
      />
      <div id={list} role="listbox" aria-label={t("me.zone_found")} className={css.found}>
        {found.map((zone, i) => (
          // biome-ignore lint/a11y/useKeyWithClickEvents: the field above takes the keys
          <div
            key={zone}
            id={`${list}-${i}`}
            role="option"
            aria-selected={i === at}
            onClick={() => choose(zone)}
            onMouseMove={() => setAt(i)}
          >
            <span>{zoneTitle(zone)}</span>
            <span className="quiet">{zoneName(now, zone)}</span>
          </div>
        ))}
      </div>
      {text.trim() !== "" && found.length === 0 && <p className="quiet">{t("me.zone_none")}</p>}
    </div>
  );
}
