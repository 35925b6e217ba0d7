// One device of the registry: what it is, its modem and the ones before, its groups, its key, and its end.
import { ActionIcon, Button, NativeSelect, Skeleton } from "@mantine/core";
import { IconX } from "@tabler/icons-react";
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { Link } from "react-router";
import { ApiError } from "../api/client";
import { t } from "../text/text";
import { Ago, AgoExact } from "../ui/Ago";
import { chevron } from "../ui/Chevron";
import { Confirm } from "../ui/Confirm";
import { Copyable } from "../ui/Copyable";
import { Empty } from "../ui/Empty";
import { ErrorNote } from "../ui/ErrorNote";
import { Fact, Facts, Part } from "../ui/Facts";
import form from "../ui/form.module.css";
import { Once } from "../ui/Once";
import { SidePanel } from "../ui/SidePanel";
import { useNarrow } from "../ui/useNarrow";
import type { Device } from "./apiTypes";
import * as calls from "./calls";
import { useMay } from "./Devices";
import { useDeviceOf, useGroups, useTake } from "./data";
import { LineMark } from "./Line";
import { History, ModemPart } from "./LinkParts";
import css from "./registry.module.css";

function About({ device }: { device: Device }) {
  const { presence, firmware } = device;
  return (
    <Part title={t("registry.about")}>
      <Facts>
        <Fact name={t("registry.kind")}>{t(`registry.kind.${device.kind}`)}</Fact>
        <Fact name={t("registry.line")} why={t("registry.never_on_line")}>
          {presence && (
            <>
              <LineMark presence={presence} /> {t(presence.connected ? "bench.connected" : "bench.absent")}{" "}
              <span className="quiet">
                · {t(presence.connected ? "registry.came" : "registry.left")} <Ago at={presence.since} />
              </span>
            </>
          )}
        </Fact>
        <Fact name={t("registry.firmware")} why={t("registry.firmware_none")}>
          {firmware && (
            <>
              {firmware.revision}{" "}
              <span className="quiet">
                · <Copyable mono text={firmware.commit} shown={firmware.commit.slice(0, 10)} /> ·{" "}
                <Ago at={firmware.since} />
              </span>
            </>
          )}
        </Fact>
        {device.serial !== null && (
          <Fact name={t("registry.serial_field")}>
            <Copyable text={device.serial} />
          </Fact>
        )}
        <Fact name={t("registry.messages")}>
          <Link className="link" to={`/messages?of=${device.id}`}>
            {t("device.messages_all")}
          </Link>
        </Fact>
        <Fact name={t("registry.number")}>{String(device.number)}</Fact>
        <Fact name={t("registry.made")}>
          <AgoExact at={device.created_at} />
          <br />
          <span className="quiet">
            {device.created_by === "device"
              ? t("registry.made_itself")
              : t("registry.made_by", { who: device.created_by })}
          </span>
        </Fact>
      </Facts>
    </Part>
  );
}

function GroupsPart({ device }: { device: Device }) {
  const may = useMay();
  const { data: groups = [] } = useGroups();
  const { take } = useTake();
  const changing = useMutation({
    mutationFn: (group_ids: string[]) => calls.changeDevice(device.id, { group_ids }),
    onSuccess: take,
  });
  const mine = device.groups.map(({ id }) => id);
  const free = groups.filter(({ id }) => !mine.includes(id));
  return (
    <Part title={t("registry.groups")}>
      {device.groups.length === 0 ? (
        <p className="quiet" style={{ marginBottom: 10 }}>
          {t("registry.groups_none")}
        </p>
      ) : (
        <div className={css.tags}>
          {device.groups.map(({ id, name }) => (
            <span key={id} className={css.tag} data-fixed={!may}>
              {name}
              {may && (
                <ActionIcon
                  variant="subtle"
                  color="gray"
                  size={28}
                  aria-label={t("registry.group_out", { device: device.name, group: name })}
                  onClick={() => changing.mutate(mine.filter((one) => one !== id))}
                >
                  <IconX size={14} />
                </ActionIcon>
              )}
            </span>
          ))}
        </div>
      )}
      {may && free.length > 0 && (
        <div className={form.form}>
          <NativeSelect
            rightSection={chevron}
            aria-label={t("registry.group_add")}
            value=""
            disabled={changing.isPending}
            onChange={(e) => changing.mutate([...mine, e.currentTarget.value])}
            data={[
              { value: "", label: t("registry.group_add") },
              ...free.map(({ id, name }) => ({ value: id, label: name })),
            ]}
          />
        </div>
      )}
      {changing.error && <ErrorNote error={changing.error} />}
    </Part>
  );
}

function KeyPart({ device }: { device: Device }) {
  const { name } = device;
  const { again } = useTake();
  const [asked, setAsked] = useState<"make" | "remove" | null>(null);
  const [key, setKey] = useState<string | null>(null);
  const cancel = () => setAsked(null);
  return (
    <Part title={t("registry.key")}>
      {key !== null ? (
        <div className={form.form}>
          <Once note={t("registry.key_once", { name })} secret={key} action={t("registry.key_copy")} />
          <Facts>
            <Fact name={t("registry.key_path")}>
              <Copyable mono text={`/${name}?key=${key}`} />
            </Fact>
          </Facts>
        </div>
      ) : asked === "make" ? (
        <Confirm
          effect={t(device.has_key ? "registry.key_again_effect" : "registry.key_make_effect", { name })}
          confirm={t("registry.key_make_confirm", { name })}
          run={() => calls.makeKey(device.id)}
          onDone={(made) => {
            setKey(made.key);
            cancel();
            again();
          }}
          onCancel={cancel}
        />
      ) : asked === "remove" ? (
        <Confirm
          effect={t("registry.key_remove_effect", { name })}
          confirm={t("registry.key_remove_confirm", { name })}
          run={() => calls.removeKey(device.id)}
          onDone={() => {
            cancel();
            again();
          }}
          onCancel={cancel}
        />
      ) : (
        <div className={form.form}>
          <p className="quiet">{t(device.has_key ? "registry.key_has" : "registry.key_none")}</p>
          <div className={form.buttons}>
            <Button variant="default" onClick={() => setAsked("make")}>
              {t(device.has_key ? "registry.key_again" : "registry.key_make")}
            </Button>
            {device.has_key && (
              <Button variant="default" onClick={() => setAsked("remove")}>
                {t("registry.key_remove")}
              </Button>
            )}
          </div>
        </div>
      )}
    </Part>
  );
}

function DeletePart({ device, onDeleted }: { device: Device; onDeleted(): void }) {
  const { gone } = useTake();
  const [asked, setAsked] = useState(false);
  const { name, modem } = device;
  return (
    <Part title={t("registry.delete")}>
      {modem !== null ? (
        <p className="quiet">{t("registry.delete_linked", { modem: modem.serial ?? modem.imei })}</p>
      ) : asked ? (
        <Confirm
          effect={t("registry.delete_effect", { name })}
          confirm={t("registry.delete_confirm", { name })}
          run={() => calls.deleteDevice(device.id)}
          onDone={() => {
            onDeleted();
            gone(device.id);
          }}
          onCancel={() => setAsked(false)}
        />
      ) : (
        <div className={form.buttons}>
          <Button variant="default" onClick={() => setAsked(true)}>
            {t("registry.delete")}
          </Button>
        </div>
      )}
    </Part>
  );
}

export function DevicePanel({ id, known, onClose }: { id: string; known: Device | undefined; onClose(): void }) {
  const { data, error, refetch } = useDeviceOf(id);
  const narrow = useNarrow();
  const may = useMay();
  const device = data ?? known;
  if (device === undefined || (error instanceof ApiError && error.status === 404)) {
    return (
      <SidePanel label={t("registry.panel")} title={t("registry.panel")} onClose={onClose}>
        {error instanceof ApiError && (error.status === 404 || error.status === 400) ? (
          <Empty title={t("registry.gone")}>{t("registry.gone_how")}</Empty>
        ) : error ? (
          <ErrorNote error={error} retry={() => void refetch()} />
        ) : (
          <div className={css.waiting}>
            <Skeleton height={80} />
          </div>
        )}
      </SidePanel>
    );
  }
  const aside = (
    <Button
      component={Link}
      to={`/devices/${id}/bench`}
      variant="default"
      h={narrow ? 44 : 32}
      px={12}
      title={t("registry.bench_how")}
    >
      {t("registry.bench")}
    </Button>
  );
  return (
    <SidePanel label={t("registry.panel")} title={device.name} aside={aside} onClose={onClose}>
      {error && <ErrorNote error={error} retry={() => void refetch()} />}
      <About device={device} />
      <ModemPart device={device} />
      <GroupsPart device={device} />
      <History of="device" id={id} />
      {may && <KeyPart device={device} />}
      {may && <DeletePart device={device} onDeleted={onClose} />}
    </SidePanel>
  );
}
