// One device of the registry out of thousands, by a part of its name.
import { TextInput } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useDeferredValue, useEffect, useId, useState } from "react";
import type { DeviceRef } from "../registry/apiTypes";
import { devices } from "../registry/calls";
import { t } from "../text/text";

const OFFERED = 50;

interface Props {
  /** Empty where `name` says it to those who do not see it. */
  label: string;
  name?: string;
  placeholder?: string;
  how?: string;
  value: DeviceRef | null;
  error?: string | null;
  /** Which devices are offered. */
  kind?: DeviceRef["kind"];
  onChange(device: DeviceRef | null): void;
}

export function DeviceField({ label, name: said, placeholder, how, value, error, kind, onChange }: Props) {
  const list = useId();
  const [text, setText] = useState(value?.name ?? "");
  const name = value?.name;
  useEffect(() => {
    if (name !== undefined) setText(name);
  }, [name]);
  const q = useDeferredValue(text.trim());
  const { data } = useQuery({
    queryKey: ["device-pick", kind, q],
    queryFn: () => devices({ kind, q: q || undefined }, null, OFFERED),
    placeholderData: (old) => old,
  });
  const offered = data?.items ?? [];
  const take = (typed: string) => {
    const hit = offered.find((device) => device.name.toLowerCase() === typed.trim().toLowerCase());
    if (hit) onChange({ id: hit.id, kind: hit.kind, name: hit.name });
    else if (value !== null) onChange(null);
  };
  const settle = () => {
    if (value !== null || q === "") return;
    const [hit, another] = offered.filter((device) => device.name.toLowerCase().includes(q.toLowerCase()));
    if (hit && !another) onChange({ id: hit.id, kind: hit.kind, name: hit.name });
  };
  return (
    <>
      <TextInput
        label={label || undefined}
        aria-label={said}
        placeholder={placeholder}
        description={label === "" ? undefined : value ? t(`registry.kind.${value.kind}`) : how}
        error={error}
        list={list}
        autoComplete="off"
        spellCheck={false}
        value={text}
        onChange={(e) => {
          setText(e.currentTarget.value);
          take(e.currentTarget.value);
        }}
        onBlur={settle}
      />
      <datalist id={list}>
        {offered.map((device) => (
          <option key={device.id} value={device.name}>
            {t(`registry.kind.${device.kind}`)}
          </option>
        ))}
      </datalist>
    </>
  );
}
