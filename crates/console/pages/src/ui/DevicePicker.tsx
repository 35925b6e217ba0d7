// Chooses one device out of thousands by typing a part of its name.
import { TextInput } from "@mantine/core";
import { useEffect, useState } from "react";
import type { Modem } from "../api/types";
import { nameOf } from "../domain/fleet";
import { t } from "../text/text";

interface Props {
  modems: Modem[];
  value: string | null;
  onChange(id: string | null): void;
}

const OFFERED = 200;

export function DevicePicker({ modems, value, onChange }: Props) {
  const chosen = modems.find((m) => m.id === value);
  const name = value === null ? "" : chosen ? nameOf(chosen) : value;
  const [text, setText] = useState(name);
  useEffect(() => setText(name), [name]);
  const typed = (next: string) => {
    setText(next);
    if (next === "") return onChange(null);
    const hit = modems.find((m) => nameOf(m) === next || m.imei === next);
    if (hit) onChange(hit.id);
  };
  const settle = () => {
    const lower = text.toLowerCase();
    const hits = text === "" ? [] : modems.filter((m) => `${nameOf(m)} ${m.imei}`.toLowerCase().includes(lower));
    if (hits.length === 1 && hits[0]) onChange(hits[0].id);
    else if (text !== "") setText(name);
  };
  return (
    <>
      <TextInput
        data-search
        type="search"
        list="devices"
        aria-label={t("message.filter_device")}
        placeholder={t("message.any_device")}
        value={text}
        onChange={(e) => typed(e.currentTarget.value)}
        onBlur={settle}
        onKeyDown={(e) => (e.key === "Enter" || e.key === "Escape") && e.currentTarget.blur()}
      />
      <datalist id="devices">
        {modems.slice(0, OFFERED).map((m) => (
          <option key={m.id} value={nameOf(m)}>
            {m.imei}
          </option>
        ))}
      </datalist>
    </>
  );
}
