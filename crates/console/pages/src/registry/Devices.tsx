// The devices of the registry as rows, by name.
import { Button, NativeSelect, TextInput } from "@mantine/core";
import { IconFileImport, IconPlus } from "@tabler/icons-react";
import { type MouseEvent, memo, type ReactNode, useEffect, useMemo, useState } from "react";
import { useSession } from "../api/session";
import { KINDS } from "../domain/registry";
import { usePicked } from "../fleet/usePicked";
import { t } from "../text/text";
import { chevron } from "../ui/Chevron";
import { Empty } from "../ui/Empty";
import { Roster, usePaged } from "../ui/Roster";
import { SectionFrame } from "../ui/SectionFrame";
import { useAddress } from "../ui/useAddress";
import { useNarrow } from "../ui/useNarrow";
import type { Device } from "./apiTypes";
import * as calls from "./calls";
import { DevicePanel } from "./DevicePanel";
import { DEVICES_KEY, useGroups } from "./data";
import { Line } from "./Line";
import { NewDevicePanel } from "./NewDevicePanel";
import { PickBar } from "./PickBar";
import css from "./registry.module.css";

/** In the place of an id: the form for a new one. */
export const NEW = "new";

interface RowProps {
  device: Device;
  picked: boolean;
  onPick(id: string, extend: boolean): void;
}

const DeviceRow = memo(function DeviceRow({ device, picked, onPick }: RowProps) {
  const { id, name, kind, modem, groups, firmware } = device;
  const pick = (event: MouseEvent) => {
    event.stopPropagation();
    onPick(id, event.shiftKey);
  };
  return (
    <div className={`${css.cells} ${css.devices}`} data-picked={picked}>
      <span className={css.pick} onClick={pick} aria-hidden="true" title={t("registry.pick.one", { name })}>
        <svg width="16" height="16" viewBox="0 0 16 16" aria-hidden="true">
          <rect x="1" y="1" width="14" height="14" rx="3" />
          {picked && <path d="M4.2 8.2l2.6 2.6l5-5.4" />}
        </svg>
      </span>
      <span className={css.name} title={name}>
        {name}
      </span>
      <span className={`${css.second} ${css.kind}`}>{t(`registry.kind.${kind}`)}</span>
      <span className={css.modem} title={modem?.imei}>
        {modem === null ? (
          <span className="quiet">{t("registry.no_modem")}</span>
        ) : (
          <>
            {modem.serial ?? modem.imei} {modem.serial && <small>{modem.imei}</small>}
          </>
        )}
      </span>
      <span className={`${css.second} ${css.group}`}>{groups.map((group) => group.name).join(", ") || "–"}</span>
      <span className={css.line}>
        <Line presence={device.presence} />
      </span>
      <span className={`${css.second} ${css.firmware}`} title={firmware?.commit}>
        {firmware ? firmware.revision : "–"}
      </span>
    </div>
  );
});

interface Asked {
  kind: string;
  group: string;
  linked: string;
  q: string;
}

const TYPING_MS = 250;

function Filters({ asked, change }: { asked: Asked; change: ReturnType<typeof useAddress>[1] }) {
  const { data: groups = [] } = useGroups();
  const [text, setText] = useState(asked.q);
  useEffect(() => setText(asked.q), [asked.q]);
  useEffect(() => {
    if (text === asked.q) return;
    const timer = setTimeout(() => change({ q: text.trim() }, true), TYPING_MS);
    return () => clearTimeout(timer);
  }, [text, asked.q, change]);
  return (
    <div className={css.tools} role="search" aria-label={t("registry.filters")}>
      <TextInput
        data-search
        type="search"
        className={css.search}
        aria-label={t("registry.search")}
        placeholder={t("registry.search")}
        value={text}
        onChange={(e) => setText(e.currentTarget.value)}
        onKeyDown={(e) => {
          if (e.key === "Escape") setText("");
          if (["Escape", "Enter", "ArrowDown"].includes(e.key)) e.currentTarget.blur();
        }}
      />
      <NativeSelect
        rightSection={chevron}
        aria-label={t("registry.kind")}
        value={asked.kind}
        onChange={(e) => change({ kind: e.currentTarget.value }, true)}
        data={[
          { value: "", label: t("registry.any_kind") },
          ...KINDS.map((kind) => ({ value: kind, label: t(`registry.kind.${kind}`) })),
        ]}
      />
      <NativeSelect
        rightSection={chevron}
        aria-label={t("registry.group")}
        value={asked.group}
        onChange={(e) => change({ group: e.currentTarget.value }, true)}
        data={[
          { value: "", label: t("registry.any_group") },
          ...groups.map(({ id, name }) => ({ value: id, label: name })),
        ]}
      />
      <NativeSelect
        rightSection={chevron}
        aria-label={t("registry.modem")}
        value={asked.linked}
        onChange={(e) => change({ linked: e.currentTarget.value }, true)}
        data={[
          { value: "", label: t("registry.any_link") },
          { value: "true", label: t("registry.linked") },
          { value: "false", label: t("registry.unlinked") },
        ]}
      />
    </div>
  );
}

export function useMay(): boolean {
  return useSession().role !== "viewer";
}

function Actions({ onNew, onImport }: { onNew(): void; onImport(): void }) {
  if (!useMay()) return null;
  return (
    <>
      <Button variant="default" leftSection={<IconFileImport size={16} aria-hidden="true" />} onClick={onImport}>
        {t("registry.import")}
      </Button>
      <Button leftSection={<IconPlus size={16} aria-hidden="true" />} onClick={onNew}>
        {t("registry.new")}
      </Button>
    </>
  );
}

function useAsked(search: URLSearchParams): { asked: Asked; filter: calls.DeviceFilter; filtered: boolean } {
  const asked: Asked = {
    kind: search.get("kind") ?? "",
    group: search.get("group") ?? "",
    linked: search.get("linked") ?? "",
    q: search.get("q") ?? "",
  };
  const { kind, group, linked, q } = asked;
  const filter = useMemo(
    (): calls.DeviceFilter => ({
      kind: KINDS.find((one) => one === kind),
      group_id: group || undefined,
      linked: linked === "" ? undefined : linked === "true",
      q: q || undefined,
    }),
    [kind, group, linked, q],
  );
  return { asked, filter, filtered: Object.values(asked).some((value) => value !== "") };
}

export function Devices({ tabs }: { tabs: ReactNode }) {
  const [search, change] = useAddress();
  const narrow = useNarrow();
  const may = useMay();
  const { asked, filter, filtered } = useAsked(search);
  const paged = usePaged([...DEVICES_KEY, filter], (cursor) => calls.devices(filter, cursor));
  const opened = search.get("open");
  const [cursor, setCursor] = useState<string | null>(null);
  const ids = useMemo(() => paged.items.map(({ id }) => id), [paged.items]);
  const { picked, pick, clear } = usePicked(ids, opened ?? cursor);
  const chosen = useMemo(() => new Set(picked), [picked]);
  const show = (id: string | null) => change({ open: id, name: null, modem: null }, id !== null && opened !== null);
  const close = () => show(null);
  const panel =
    opened === null ? null : opened === NEW ? (
      <NewDevicePanel name={search.get("name")} modem={search.get("modem")} onMade={show} onClose={close} />
    ) : (
      <DevicePanel key={opened} id={opened} known={paged.items.find(({ id }) => id === opened)} onClose={close} />
    );
  return (
    <SectionFrame
      label={t("nav.devices")}
      tabs={tabs}
      panel={panel}
      aside={<Actions onNew={() => show(NEW)} onImport={() => change({ show: "import", open: null, picked: null })} />}
    >
      <Filters asked={asked} change={change} />
      <Roster
        label={t("nav.devices")}
        className={`${css.cells} ${css.devices}`}
        paged={paged}
        opened={opened === NEW ? null : opened}
        checked={({ id }) => chosen.has(id)}
        onPick={(id, event) => {
          const picking = event.shiftKey || event.ctrlKey || event.metaKey || (narrow && picked.length > 0);
          if (picking) pick(id, event.shiftKey);
          return picking;
        }}
        onCurrent={setCursor}
        head={
          <>
            <span />
            <span className={css.name}>{t("registry.name")}</span>
            <span>{t("registry.kind")}</span>
            <span>{t("registry.modem")}</span>
            <span className={css.group}>{t("registry.groups")}</span>
            <span>{t("registry.line")}</span>
            <span className={css.firmware}>{t("registry.firmware")}</span>
          </>
        }
        row={(device) => <DeviceRow device={device} picked={chosen.has(device.id)} onPick={pick} />}
        more={t("registry.more")}
        empty={
          filtered ? (
            <Empty title={t("registry.none_found")}>
              <p>{t("registry.none_found_how")}</p>
              <p>
                <Button
                  variant="default"
                  onClick={() => change({ q: null, kind: null, group: null, linked: null }, true)}
                >
                  {t("registry.no_filters")}
                </Button>
              </p>
            </Empty>
          ) : (
            <Empty title={t("registry.empty")}>{t("registry.empty_how")}</Empty>
          )
        }
        onOpen={show}
      />
      {may && picked.length > 0 && (
        <PickBar ids={picked} devices={paged.items.filter(({ id }) => chosen.has(id))} onClear={clear} />
      )}
    </SectionFrame>
  );
}
