// Chooses devices: groups as a whole, and single ones found by a part of their name.
import { Button, Skeleton, TextInput } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { IconPlus, IconX } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { revisionName } from "../domain/firmware";
import { type Choice, takesFirmware, UPGRADED_KINDS } from "../domain/firmwareDraft";
import type { Device, Group } from "../registry/apiTypes";
import { t } from "../text/text";
import { Choices } from "../ui/Choices";
import { ErrorNote } from "../ui/ErrorNote";
import form from "../ui/form.module.css";
import { StateMark } from "../ui/StateMark";
import * as calls from "./calls";
import css from "./choose.module.css";
import { FIRMWARE } from "./news";
import { Tick } from "./Tick";

const TYPED_MS = 250;
const FOUND = 50;

/** Devices whose name has these letters. */
export function useFound(text: string) {
  const [q] = useDebouncedValue(text.trim(), TYPED_MS);
  return useQuery({
    queryKey: [FIRMWARE, "found", q],
    queryFn: async () => (await calls.devices(q, FOUND)).items.filter(takesFirmware),
    placeholderData: (old) => old,
  });
}

/** What a person chooses a device by. */
export function DeviceWords({ device }: { device: Device }) {
  return (
    <>
      <b>{device.name}</b>
      <span className="quiet">
        {device.presence?.connected && (
          <>
            <StateMark state="ok" size={8} /> {t("choice.line")}
            {device.firmware && " · "}
          </>
        )}
        {device.firmware && t("choice.has", { revision: revisionName(device.firmware.revision) })}
      </span>
    </>
  );
}

function Groups({ choice, onChange }: { choice: Choice; onChange(choice: Choice): void }) {
  const { data, error, refetch } = useQuery({ queryKey: [FIRMWARE, "groups"], queryFn: calls.groups });
  const turn = (group: Group, chosen: boolean) => {
    const others = choice.groups.filter(({ id }) => id !== group.id);
    onChange({ ...choice, groups: chosen ? [...others, group] : others });
  };
  return (
    <fieldset className={css.ticks}>
      <legend>{t("choice.groups")}</legend>
      {error && <ErrorNote error={error} retry={() => void refetch()} />}
      {!data && !error && <Skeleton height={32} />}
      {data?.length === 0 && <p className="quiet">{t("choice.groups_none")}</p>}
      {data?.map((group) => (
        <Tick
          key={group.id}
          checked={choice.groups.some(({ id }) => id === group.id)}
          label={group.name}
          how={t("devices", { n: group.devices })}
          onChange={(chosen) => turn(group, chosen)}
        />
      ))}
    </fieldset>
  );
}

function Chosen({ choice, onChange }: { choice: Choice; onChange(choice: Choice): void }) {
  if (choice.devices.length === 0) return null;
  return (
    <ul className={css.chips}>
      {choice.devices.map(({ id, name }) => (
        <li key={id}>
          {name}
          <button
            type="button"
            aria-label={t("choice.remove", { name })}
            onClick={() => onChange({ ...choice, devices: choice.devices.filter((one) => one.id !== id) })}
          >
            <IconX size={14} aria-hidden="true" />
          </button>
        </li>
      ))}
    </ul>
  );
}

export function Choose({ choice, onChange }: { choice: Choice; onChange(choice: Choice): void }) {
  const [text, setText] = useState("");
  const { data, error, refetch } = useFound(text);
  const open = data?.filter(({ id }) => !choice.devices.some((one) => one.id === id)) ?? [];
  const add = (devices: Device[]) =>
    onChange({ ...choice, devices: [...choice.devices, ...devices.map(({ id, kind, name }) => ({ id, kind, name }))] });
  return (
    <div className={form.form}>
      <Groups choice={choice} onChange={onChange} />
      <div className={css.finder}>
        <TextInput
          type="search"
          label={t("choice.devices")}
          placeholder={t("choice.search_hint")}
          value={text}
          onChange={(e) => setText(e.currentTarget.value)}
          onKeyDown={(e) => {
            if (e.key !== "Enter") return;
            e.preventDefault();
            if (open.length === 1) add(open);
          }}
        />
        <Chosen choice={choice} onChange={onChange} />
        {error && <ErrorNote error={error} retry={() => void refetch()} />}
        {data && open.length === 0 && (
          <p className="quiet">
            {data.length > 0 ? t("choice.all_chosen") : t(text.trim() === "" ? "choice.no_device" : "choice.no_match")}
          </p>
        )}
        <ul className={css.found} aria-label={t("choice.search")}>
          {open.map((device) => (
            <li key={device.id}>
              <button type="button" onClick={() => add([device])}>
                <IconPlus size={14} aria-hidden="true" />
                <DeviceWords device={device} />
              </button>
            </li>
          ))}
        </ul>
        {data && data.length >= FOUND && <p className="quiet">{t("choice.first", { n: FOUND })}</p>}
        {open.length > 1 && (
          <div className={form.buttons}>
            <Button variant="default" size="xs" onClick={() => add(open)}>
              {t("choice.add_all", { n: open.length })}
            </Button>
          </div>
        )}
      </div>
    </div>
  );
}

const WHOM = ["some", ...UPGRADED_KINDS] as const;

/** The same, with all devices of a kind to choose from, too. */
export function ChooseWhom({ choice, onChange }: { choice: Choice; onChange(choice: Choice): void }) {
  return (
    <div className={form.form}>
      <Choices
        label={t("choice.whom")}
        values={WHOM}
        chosen={choice.all ?? "some"}
        words={(whom) => <span className={css.whom}>{t(`choice.all.${whom}`)}</span>}
        onChoose={(whom) => onChange({ ...choice, all: whom === "some" ? undefined : whom })}
      />
      {choice.all === undefined && <Choose choice={choice} onChange={onChange} />}
    </div>
  );
}
