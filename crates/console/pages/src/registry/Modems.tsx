// Modems that were heard: those in no device first of all, because they wait to be linked.
import { Button, TextInput } from "@mantine/core";
import { type ReactNode, useMemo, useState } from "react";
import { Link } from "react-router";
import type { Modem } from "../api/types";
import { useLive } from "../live/store";
import { t, tWord } from "../text/text";
import { Ago, AgoExact } from "../ui/Ago";
import { Choices } from "../ui/Choices";
import { Copyable } from "../ui/Copyable";
import { Empty } from "../ui/Empty";
import { Fact, Facts, Part } from "../ui/Facts";
import form from "../ui/form.module.css";
import { type Paged, Roster } from "../ui/Roster";
import { SectionFrame } from "../ui/SectionFrame";
import { SidePanel } from "../ui/SidePanel";
import { useAddress } from "../ui/useAddress";
import { NEW, useMay } from "./Devices";
import { useTake } from "./data";
import { History, LinkModem } from "./LinkParts";
import css from "./registry.module.css";

const WHICH = ["free", "all"] as const;
const names = new Intl.Collator("en", { numeric: true });

function ModemRow({ modem }: { modem: Modem }) {
  return (
    <div className={`${css.cells} ${css.modems}`}>
      <span className={css.name}>
        {modem.serial ?? modem.imei} {modem.serial && <small>{modem.imei}</small>}
      </span>
      <span className={css.second}>{modem.dialect ? tWord("dialect", modem.dialect) : "–"}</span>
      <span className={css.second}>{modem.device?.name ?? t("registry.no_modem")}</span>
      <span className={css.number}>{modem.last_seen_at ? <Ago at={modem.last_seen_at} /> : "–"}</span>
    </div>
  );
}

function LinkPart({ modem }: { modem: Modem }) {
  const may = useMay();
  const [, change] = useAddress();
  const { again } = useTake();
  const [asked, setAsked] = useState(false);
  if (modem.device) {
    const { id, name } = modem.device;
    return (
      <Part title={t("registry.modems.device")}>
        <div className={form.form}>
          <p>{t("registry.modems.in", { device: name })}</p>
          <div className={form.buttons}>
            <Button component={Link} variant="default" to={`/devices?open=${id}`}>
              {t("registry.modems.open_device", { device: name })}
            </Button>
          </div>
        </div>
      </Part>
    );
  }
  if (!may) return null;
  return (
    <Part title={t("registry.modems.device")}>
      {asked ? (
        <LinkModem
          modemId={modem.id}
          onDone={() => {
            setAsked(false);
            again();
          }}
          onCancel={() => setAsked(false)}
        />
      ) : (
        <div className={form.buttons}>
          <Button variant="default" onClick={() => setAsked(true)}>
            {t("registry.modems.link")}
          </Button>
          <Button variant="default" onClick={() => change({ show: null, q: null, open: NEW, modem: modem.imei })}>
            {t("registry.modems.make")}
          </Button>
        </div>
      )}
    </Part>
  );
}

function ModemPanel({ modem, onClose }: { modem: Modem | undefined; onClose(): void }) {
  return (
    <SidePanel
      label={t("registry.modems.panel")}
      title={modem ? (modem.serial ?? modem.imei) : t("registry.modems.panel")}
      onClose={onClose}
    >
      {modem ? (
        <>
          <Part title={t("registry.about")}>
            <Facts>
              <Fact name={t("device.imei")}>
                <Copyable text={modem.imei} />
              </Fact>
              <Fact name={t("device.serial")}>{modem.serial && <Copyable text={modem.serial} />}</Fact>
              <Fact name={t("device.dialect")}>{modem.dialect && tWord("dialect", modem.dialect)}</Fact>
              <Fact name={t("device.first_seen")}>
                <AgoExact at={modem.first_seen_at} />
              </Fact>
              <Fact name={t("registry.modems.seen")}>{modem.last_seen_at && <AgoExact at={modem.last_seen_at} />}</Fact>
              <Fact name={t("registry.page")}>
                <Link className="link" to={`/devices/${modem.id}`}>
                  {t("device.open_page")}
                </Link>
              </Fact>
            </Facts>
          </Part>
          <LinkPart modem={modem} />
          <History of="modem" id={modem.id} />
        </>
      ) : (
        <Empty title={t("registry.modems.gone")} />
      )}
    </SidePanel>
  );
}

export function Modems({ tabs }: { tabs: ReactNode }) {
  const [search, change] = useAddress();
  const all = useLive((live) => live.modems);
  const waiting = useLive((live) => live.clock === null || (live.epoch === 0 && live.modems.size === 0));
  const opened = search.get("open");
  const which = WHICH.find((one) => one === search.get("which")) ?? "free";
  const q = (search.get("q") ?? "").toLowerCase();
  const items = useMemo(
    () =>
      [...all.values()]
        .filter((modem) => which === "all" || !modem.device)
        .filter((modem) => `${modem.serial ?? ""} ${modem.imei} ${modem.device?.name ?? ""}`.toLowerCase().includes(q))
        .sort((a, b) => names.compare(a.serial ?? a.imei, b.serial ?? b.imei)),
    [all, which, q],
  );
  const paged: Paged<Modem> = {
    items,
    whole: true,
    waiting,
    error: null,
    loading: false,
    again: () => undefined,
    more: () => undefined,
  };
  const show = (id: string | null) => change({ open: id }, id !== null && opened !== null);
  return (
    <SectionFrame
      label={t("registry.section.modems")}
      tabs={tabs}
      aside={null}
      panel={opened === null ? null : <ModemPanel key={opened} modem={all.get(opened)} onClose={() => show(null)} />}
    >
      <div className={css.tools}>
        <TextInput
          data-search
          type="search"
          className={css.search}
          aria-label={t("registry.modems.search")}
          placeholder={t("registry.modems.search")}
          value={search.get("q") ?? ""}
          onChange={(e) => change({ q: e.currentTarget.value }, true)}
          onKeyDown={(e) => (e.key === "Enter" || e.key === "Escape") && e.currentTarget.blur()}
        />
        <Choices
          label={t("registry.filters")}
          values={WHICH}
          chosen={which}
          words={(one) => t(`registry.modems.${one}`)}
          onChoose={(one) => change({ which: one === "free" ? null : one }, true)}
        />
      </div>
      <Roster
        label={t("registry.section.modems")}
        className={`${css.cells} ${css.modems}`}
        paged={paged}
        opened={opened}
        head={
          <>
            <span className={css.name}>{t("registry.modem")}</span>
            <span>{t("device.dialect")}</span>
            <span>{t("registry.modems.device")}</span>
            <span className={css.number}>{t("registry.modems.seen")}</span>
          </>
        }
        row={(modem) => <ModemRow modem={modem} />}
        more={t("registry.more")}
        empty={
          all.size === 0 ? (
            <Empty title={t("registry.modems.none")}>{t("registry.modems.none_how")}</Empty>
          ) : q !== "" ? (
            <Empty title={t("fleet.none_found")}>{t("registry.none_found_how")}</Empty>
          ) : (
            <Empty title={t("registry.modems.none_free")}>{t("registry.modems.none_free_how")}</Empty>
          )
        }
        onOpen={show}
      />
    </SectionFrame>
  );
}
