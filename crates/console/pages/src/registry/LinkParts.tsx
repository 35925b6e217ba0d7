// The modem in a device: put in, taken out, each with its effects shown first; and the history of both.
import { Button, NativeSelect } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { Link as RouterLink } from "react-router";
import { typedTime } from "../domain/registry";
import { clock, exact } from "../domain/time";
import { t } from "../text/text";
import { AgoExact } from "../ui/Ago";
import { chevron } from "../ui/Chevron";
import { Copyable } from "../ui/Copyable";
import { ErrorNote } from "../ui/ErrorNote";
import { Fact, Facts, Part } from "../ui/Facts";
import form from "../ui/form.module.css";
import { usePreferences } from "../ui/preferences";
import type { Device, Link } from "./apiTypes";
import * as calls from "./calls";
import { useMay } from "./Devices";
import { DEVICES_KEY, LINKS_KEY, useTake } from "./data";
import { EffectsForm } from "./Effects";
import { ModemField, modemWords, useMeantModem } from "./ModemField";
import css from "./registry.module.css";
import { TimeField } from "./TimeField";

interface Ended {
  onDone(): void;
  onCancel(): void;
}

function LinkForm({ device, onDone, onCancel }: { device: Device } & Ended) {
  const { zone } = usePreferences();
  const [text, setText] = useState("");
  const [left, setLeft] = useState(false);
  const [since, setSince] = useState("");
  const meant = useMeantModem(text);
  const from = typedTime(since, zone);
  const wish = (dry_run: boolean) => {
    const modem_id = meant.is === "known" ? meant.modem.id : "";
    return calls.link(device.id, { modem_id, since: from ?? undefined, dry_run });
  };
  const { note, error } = modemWords(meant, left);
  return (
    <EffectsForm
      look={() => wish(true)}
      run={() => wish(false)}
      ready={meant.is === "known" && from !== null}
      confirm={({ modem }) => t("registry.link_do", { modem: modem.serial ?? modem.imei, device: device.name })}
      onDone={onDone}
      onCancel={onCancel}
    >
      <ModemField
        label={t("registry.link_choose")}
        autoFocus
        value={text}
        note={meant.is === "unheard" ? null : note}
        error={meant.is === "unheard" ? t("registry.link_unheard") : error}
        onChange={setText}
        onLeave={() => setLeft(text !== "")}
      />
      <TimeField label={t("registry.since_field")} how={t("registry.since_how")} value={since} onChange={setSince} />
    </EffectsForm>
  );
}

function UnlinkForm({ device, onDone, onCancel }: { device: Device } & Ended) {
  const { zone } = usePreferences();
  const [at, setAt] = useState("");
  const until = typedTime(at, zone);
  const wish = (dry_run: boolean) => calls.unlink(device.id, { at: until ?? undefined, dry_run });
  return (
    <EffectsForm
      look={() => wish(true)}
      run={() => wish(false)}
      ready={until !== null}
      confirm={({ modem }) => t("registry.unlink_do", { modem: modem.serial ?? modem.imei, device: device.name })}
      onDone={onDone}
      onCancel={onCancel}
    >
      <TimeField label={t("registry.at_field")} how={t("registry.at_how")} value={at} onChange={setAt} />
    </EffectsForm>
  );
}

export function ModemPart({ device }: { device: Device }) {
  const may = useMay();
  const { again } = useTake();
  const [asked, setAsked] = useState(false);
  const { modem } = device;
  const ended = {
    onDone: () => {
      setAsked(false);
      again();
    },
    onCancel: () => setAsked(false),
  };
  return (
    <Part title={t("registry.modem")}>
      <div className={form.form}>
        {modem === null ? (
          <p className="quiet">{t("registry.no_modem")}</p>
        ) : (
          <Facts>
            <Fact name={t("device.imei")}>
              <Copyable text={modem.imei} />
            </Fact>
            <Fact name={t("device.serial")}>{modem.serial && <Copyable text={modem.serial} />}</Fact>
            <Fact name={t("registry.since_field")}>
              <AgoExact at={modem.since} />
            </Fact>
            <Fact name={t("registry.page")}>
              <RouterLink className="link" to={`/devices/${modem.id}`}>
                {t("device.open_page")}
              </RouterLink>
            </Fact>
          </Facts>
        )}
        {asked ? (
          modem === null ? (
            <LinkForm device={device} {...ended} />
          ) : (
            <UnlinkForm device={device} {...ended} />
          )
        ) : (
          may && (
            <div className={form.buttons}>
              <Button variant="default" onClick={() => setAsked(true)}>
                {t(modem === null ? "registry.link" : "registry.unlink")}
              </Button>
            </div>
          )
        )}
      </div>
    </Part>
  );
}

/** Links a modem to one of the devices that have none. */
export function LinkModem({ modemId, onDone, onCancel }: { modemId: string } & Ended) {
  const { zone } = usePreferences();
  const { data, error } = useQuery({
    queryKey: [...DEVICES_KEY, "without a modem"],
    queryFn: () => calls.devices({ linked: false }, null, 500),
    select: ({ items }) => items,
  });
  const [device, setDevice] = useState("");
  const [since, setSince] = useState("");
  const from = typedTime(since, zone);
  const wish = (dry_run: boolean) => calls.link(device, { modem_id: modemId, since: from ?? undefined, dry_run });
  if (error) return <ErrorNote error={error} />;
  if (data?.length === 0) return <p className="quiet">{t("registry.modems.link_none")}</p>;
  return (
    <EffectsForm
      look={() => wish(true)}
      run={() => wish(false)}
      ready={device !== "" && from !== null}
      confirm={({ modem, device: to }) => t("registry.link_do", { modem: modem.serial ?? modem.imei, device: to.name })}
      onDone={onDone}
      onCancel={onCancel}
    >
      <NativeSelect
        rightSection={chevron}
        label={t("registry.modems.link_choose")}
        value={device}
        onChange={(e) => setDevice(e.currentTarget.value)}
        data={[
          { value: "", label: t("registry.choose_device") },
          ...(data ?? []).map(({ id, name, kind }) => ({
            value: id,
            label: `${name} (${t(`registry.kind.${kind}`)})`,
          })),
        ]}
      />
      <TimeField label={t("registry.since_field")} how={t("registry.since_how")} value={since} onChange={setSince} />
    </EffectsForm>
  );
}

function OneLink({ link, of }: { link: Link; of: "device" | "modem" }) {
  const { zone } = usePreferences();
  return (
    <li data-lasts={link.until === null}>
      <b>
        {of === "device" ? (
          <RouterLink className="link" to={`/devices?show=modems&open=${link.modem_id}`}>
            {link.imei}
          </RouterLink>
        ) : (
          <RouterLink className="link" to={`/devices?open=${link.device.id}`}>
            {link.device.name}
          </RouterLink>
        )}
      </b>
      <p>
        <time dateTime={link.since} title={exact(link.since, zone)}>
          {clock(link.since, 0, zone)}
        </time>{" "}
        –{" "}
        {link.until === null ? (
          t("registry.until_now")
        ) : (
          <time dateTime={link.until} title={exact(link.until, zone)}>
            {clock(link.until, 0, zone)}
          </time>
        )}
      </p>
      <p>
        {t("registry.linked_by", { who: link.linked_by })}
        {link.unlinked_by !== null && `, ${t("registry.unlinked_by", { who: link.unlinked_by })}`}
      </p>
    </li>
  );
}

/** Newest first, as a line through time. */
export function History({ of, id }: { of: "device" | "modem"; id: string }) {
  const { data, error, refetch } = useQuery({
    queryKey: [...LINKS_KEY, of, id],
    queryFn: () => (of === "device" ? calls.linksOfDevice(id) : calls.linksOfModem(id)),
    select: ({ items }) => items,
  });
  return (
    <Part title={t(of === "device" ? "registry.history" : "registry.history_modem")}>
      {error && <ErrorNote error={error} retry={() => void refetch()} />}
      {data?.length === 0 && <p className="quiet">{t("registry.history_none")}</p>}
      {data !== undefined && data.length > 0 && (
        <ul className={css.history}>
          {data.map((link) => (
            <OneLink key={link.id} link={link} of={of} />
          ))}
        </ul>
      )}
    </Part>
  );
}
