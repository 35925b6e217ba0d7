// A modem by its serial or IMEI: offered where it is free, explained where it is not.
import { TextInput } from "@mantine/core";
import { useMemo } from "react";
import { type MeantModem, meantModem } from "../domain/registry";
import { useLive } from "../live/store";
import { t } from "../text/text";

const OFFERED = 300;

/** What a text means among the modems that are known. */
export function useMeantModem(text: string): MeantModem {
  const modems = useLive((live) => live.modems);
  return useMemo(() => meantModem(text, modems.values()), [text, modems]);
}

/** What is to be said of it; an error only once the person has left the field. */
export function modemWords(meant: MeantModem, left: boolean): { note: string | null; error: string | null } {
  if (meant.is === "known")
    return { note: t("registry.modem_known", { modem: meant.modem.serial ?? meant.modem.imei }), error: null };
  if (meant.is === "unheard") return { note: t("registry.modem_unheard"), error: null };
  if (meant.is === "taken") return { note: null, error: t("registry.modem_taken", { device: meant.device }) };
  return { note: null, error: meant.is === "bad" && left ? t("registry.modem_bad") : null };
}

interface Props {
  label: string;
  how?: string;
  value: string;
  error: string | null;
  note: string | null;
  autoFocus?: boolean;
  onChange(text: string): void;
  onLeave(): void;
}

export function ModemField({ label, how, value, error, note, autoFocus, onChange, onLeave }: Props) {
  const modems = useLive((live) => live.modems);
  const free = useMemo(() => [...modems.values()].filter(({ device }) => !device).slice(0, OFFERED), [modems]);
  return (
    <>
      <TextInput
        label={label}
        description={note ?? how}
        error={error}
        list="free-modems"
        autoComplete="off"
        spellCheck={false}
        autoFocus={autoFocus}
        value={value}
        onChange={(e) => onChange(e.currentTarget.value)}
        onBlur={onLeave}
      />
      <datalist id="free-modems">
        {free.map(({ id, serial, imei }) => (
          <option key={id} value={serial ?? imei}>
            {imei}
          </option>
        ))}
      </datalist>
    </>
  );
}
