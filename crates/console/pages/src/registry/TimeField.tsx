// A moment that a person types in their own zone; empty means what the description says.
import { TextInput } from "@mantine/core";
import { typedTime } from "../domain/registry";
import { zoneName } from "../domain/time";
import { useNow } from "../live/store";
import { t } from "../text/text";
import { usePreferences } from "../ui/preferences";

interface Props {
  label: string;
  how: string;
  value: string;
  error?: string;
  onChange(text: string): void;
}

export function TimeField({ label, how, value, error, onChange }: Props) {
  const now = useNow();
  const { zone } = usePreferences();
  const bad = typedTime(value, zone) === null;
  return (
    <TextInput
      label={label}
      description={`${how} ${t("registry.time_zone", { zone: zoneName(now, zone) })}.`}
      placeholder="2026-05-01 14:20"
      autoComplete="off"
      error={error ?? (bad && value.trim().length >= 16 ? t("registry.time_bad") : null)}
      value={value}
      onChange={(e) => onChange(e.currentTarget.value)}
    />
  );
}
