// Makes a device known; everything that is wrong is said at once, each at its field.
import { Button, NativeSelect, TextInput } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { ApiError } from "../api/client";
import { byField, deviceNameFault, KINDS, kindByName, typedTime } from "../domain/registry";
import { useLive } from "../live/store";
import { t } from "../text/text";
import { chevron } from "../ui/Chevron";
import { Choices } from "../ui/Choices";
import { ErrorNote } from "../ui/ErrorNote";
import { Part } from "../ui/Facts";
import form from "../ui/form.module.css";
import { usePreferences } from "../ui/preferences";
import { leaveByEscape } from "../ui/ReasonForm";
import { SidePanel } from "../ui/SidePanel";
import type { Device, DeviceKind } from "./apiTypes";
import * as calls from "./calls";
import { useGroups, useTake } from "./data";
import { ModemField, modemWords, useMeantModem } from "./ModemField";
import { TimeField } from "./TimeField";

function Made({ device, onOpen, onAnother }: { device: Device; onOpen(): void; onAnother(): void }) {
  return (
    <div className={form.form}>
      <p role="status">{t("registry.created", { name: device.name })}</p>
      <div className={form.buttons}>
        <Button autoFocus onClick={onOpen}>
          {t("registry.open_it", { name: device.name })}
        </Button>
        <Button variant="default" onClick={onAnother}>
          {t("registry.create_another")}
        </Button>
      </div>
    </div>
  );
}

/** Sentences of the server by their fields; what is about none of them stands below. */
function useMaking(knocked: string | null) {
  const { again } = useTake();
  const making = useMutation({
    mutationFn: calls.makeDevice,
    onSuccess: async ({ name }) => {
      // It was refused under this name, and will not be any more. Where this fails, only an old note stays.
      if (name === knocked) await calls.forgetKnock(name).catch(() => undefined);
      again();
    },
  });
  const { error } = making;
  const sentences = error instanceof ApiError ? (error.errors.length > 0 ? error.errors : [error.sentence]) : [];
  const listed = error instanceof ApiError && [400, 404, 409, 422].includes(error.status);
  const { at, rest } = listed ? byField(sentences) : { at: {}, rest: [] };
  const other = error !== null && (!listed || rest.length > 0) ? error : null;
  return { making, at, rest, other };
}

interface Props {
  name: string | null;
  /** An IMEI. */
  modem: string | null;
  onMade(id: string): void;
  onClose(): void;
}

export function NewDevicePanel({ name: asked, modem: imei, onMade, onClose }: Props) {
  const { zone } = usePreferences();
  const { data: groups = [] } = useGroups();
  const serialOf = useLive((live) => {
    for (const modem of live.modems.values()) if (modem.imei === imei) return modem.serial;
    return null;
  });
  const [kind, setKind] = useState<DeviceKind>(kindByName(asked ?? ""));
  const [name, setName] = useState(asked ?? "");
  const [modem, setModem] = useState(imei === null ? "" : (serialOf ?? imei));
  const [left, setLeft] = useState(false);
  const [serial, setSerial] = useState("");
  const [since, setSince] = useState("");
  const [group, setGroup] = useState("");
  const { making, at, rest, other } = useMaking(asked);
  const meant = useMeantModem(modem);
  const from = typedTime(since, zone);
  const fault = deviceNameFault(name.trim());
  const needed = kind === "rockstar" && name.trim() === "";
  const ready = fault === null && !needed && from !== null && meant.is !== "bad" && meant.is !== "taken";
  const submit = (event: FormEvent) => {
    event.preventDefault();
    setLeft(true);
    if (!ready || making.isPending) return;
    making.mutate({
      kind,
      name: name.trim() || undefined,
      modem_id: meant.is === "known" ? meant.modem.id : undefined,
      imei: meant.is === "unheard" ? meant.imei : undefined,
      serial: kind === "rockstar" && serial.trim() !== "" ? serial.trim() : undefined,
      since: meant.is === "none" ? undefined : (from ?? undefined),
      group_ids: group === "" ? [] : [group],
    });
  };
  const again = () => {
    making.reset();
    setName("");
    setModem("");
    setSerial("");
    setSince("");
    setLeft(false);
  };
  const words = modemWords(meant, left);
  const made = making.data;
  return (
    <SidePanel label={t("registry.new")} title={t("registry.new")} onClose={onClose}>
      <Part title={t("registry.about")}>
        {made ? (
          <Made device={made} onOpen={() => onMade(made.id)} onAnother={again} />
        ) : (
          <form className={form.form} onSubmit={submit} onKeyDown={leaveByEscape(onClose)}>
            <p className="quiet">{t("registry.new_how")}</p>
            <Choices
              label={t("registry.kind")}
              values={KINDS}
              chosen={kind}
              words={(one) => t(`registry.kind.${one}`)}
              onChoose={(one) => setKind(one)}
            />
            <TextInput
              label={t("registry.name_field")}
              placeholder={kind === "rockstar" ? undefined : t("registry.name_drawn")}
              autoComplete="off"
              spellCheck={false}
              autoFocus
              error={
                at.name ?? (fault ? t(`registry.name.${fault}`) : needed && left ? t("registry.name_needed") : null)
              }
              value={name}
              onChange={(e) => setName(e.currentTarget.value)}
            />
            {kind === "rockstar" && (
              <TextInput
                label={t("registry.serial_field")}
                description={t("registry.serial_how")}
                autoComplete="off"
                error={at.serial}
                value={serial}
                onChange={(e) => setSerial(e.currentTarget.value)}
              />
            )}
            <ModemField
              label={t("registry.modem_field")}
              how={t("registry.modem_how")}
              value={modem}
              note={words.note}
              error={at.modem ?? words.error}
              onChange={setModem}
              onLeave={() => setLeft(true)}
            />
            {meant.is === "known" && (
              <TimeField
                label={t("registry.since_field")}
                how={t("registry.since_how")}
                error={at.since}
                value={since}
                onChange={setSince}
              />
            )}
            {groups.length > 0 && (
              <NativeSelect
                rightSection={chevron}
                label={t("registry.group")}
                error={at.groups}
                value={group}
                onChange={(e) => setGroup(e.currentTarget.value)}
                data={[
                  { value: "", label: t("registry.groups_none") },
                  ...groups.map((one) => ({ value: one.id, label: one.name })),
                ]}
              />
            )}
            {rest.map((sentence) => (
              <p key={sentence} role="alert">
                {sentence}
              </p>
            ))}
            {other && rest.length === 0 && <ErrorNote error={other} />}
            <div className={form.buttons}>
              <Button type="submit" loading={making.isPending}>
                {t("registry.create")}
              </Button>
              <Button variant="default" onClick={onClose}>
                {t("action.cancel")}
              </Button>
            </div>
          </form>
        )}
      </Part>
    </SidePanel>
  );
}
