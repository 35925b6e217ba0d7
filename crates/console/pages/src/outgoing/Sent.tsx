// What was sent to devices: what is not known first, then what waits and what became of the rest, and what it cost.
import { Button, CloseButton, NativeSelect } from "@mantine/core";
import { IconChevronDown, IconCoins, IconUsersGroup } from "@tabler/icons-react";
import { type ReactNode, useMemo, useState } from "react";
import { Link } from "react-router";
import { useSession } from "../api/session";
import { CREDITS_BY, MT_STATES } from "../api/types";
import { fleetRows, nameOf } from "../domain/fleet";
import { mayTell } from "../domain/orders";
import { OPEN } from "../domain/outgoing";
import { newestAsked } from "../live/reducer";
import { useLive } from "../live/store";
import { t } from "../text/text";
import { DevicePicker } from "../ui/DevicePicker";
import { Empty } from "../ui/Empty";
import { ErrorNote } from "../ui/ErrorNote";
import sections from "../ui/sections.module.css";
import { useAddress } from "../ui/useAddress";
import { useHeld } from "../ui/useHeld";
import { useListKeys } from "../ui/useListKeys";
import { useNarrow } from "../ui/useNarrow";
import { VirtualList } from "../ui/VirtualList";
import { WaitingRows } from "../ui/Waiting";
import { Accounts } from "./Accounts";
import { CreditsPanel } from "./CreditsPanel";
import { MtPanel } from "./MtPanel";
import { OutgoingHead, OutgoingRow } from "./OutgoingRow";
import css from "./outgoing.module.css";
import { TellGroup } from "./TellGroup";
import { Unknown } from "./Unknown";
import { useAccounts } from "./useAccounts";
import { useOutgoing } from "./useOutgoing";
import { useUnknown } from "./useUnknown";

const FILTERS = [OPEN, ...MT_STATES] as const;

export function Sent({ tabs }: { tabs: ReactNode }) {
  const [search, change] = useAddress();
  const modems = useLive((live) => live.modems);
  const allUnknown = useLive((live) => live.unknown);
  const readUnknown = useUnknown();
  const paying = useAccounts();
  const narrow = useNarrow();
  const [pointing, setPointing] = useState(false);
  const [away, setAway] = useState(false);
  const [cursor, setCursor] = useState<string | null>(null);
  const state = FILTERS.find((s) => s === search.get("state"));
  const device = search.get("device") ?? undefined;
  const account = search.get("account") ?? undefined;
  const opened = search.get("mt");
  const spent = CREDITS_BY.find((by) => by === search.get("credits"));
  const { role } = useSession();
  const may = mayTell("interval", role);
  const telling = may && search.get("tell") === "group";
  const filtered = state !== undefined || device !== undefined || account !== undefined;

  const { asked, mts } = useOutgoing({ state, modem_id: device, account });
  const unknown = useMemo(() => {
    if (state !== undefined && state !== OPEN && state !== "unknown") return [];
    return [...allUnknown.values()].filter(
      (mt) => (device === undefined || mt.modem_id === device) && (account === undefined || mt.account === account),
    );
  }, [allUnknown, state, device, account]);
  const rest = useMemo(() => mts.filter((mt) => mt.state !== "unknown"), [mts]);
  const { shown, news, take } = useHeld(rest, pointing || away || opened !== null, newestAsked);

  const names = useMemo(() => new Map([...modems.values()].map((m) => [m.id, nameOf(m)])), [modems]);
  const devices = useMemo(() => fleetRows(modems.values(), 0).map((row) => row.modem), [modems]);
  const accountNames = paying.accounts.map(({ name }) => name);
  if (account !== undefined && !accountNames.includes(account)) accountNames.push(account);

  const open = (id: string) => {
    setCursor(id);
    change({ mt: id, credits: null, tell: null, group: null }, opened !== null);
  };
  const close = () => change({ mt: null, credits: null, tell: null, group: null });
  const current = opened ?? cursor;
  useListKeys({
    ids: useMemo(() => [...unknown, ...shown].map((mt) => mt.id), [unknown, shown]),
    current,
    move: (id) => (opened === null ? setCursor(id) : open(id)),
    open,
    back: () => (opened !== null || spent !== undefined || telling ? close() : setCursor(null)),
  });

  const waiting = asked.isPending && rest.length === 0;
  const chevron = <IconChevronDown size={16} stroke={1.6} aria-hidden="true" />;
  // Read apart, and mostly failing together: said once.
  const error = asked.error ?? readUnknown.error;
  const readAgain = () => void Promise.all([asked.refetch(), readUnknown.refetch(), paying.refetch()]);
  const above = (
    <>
      <Unknown mts={unknown} names={names} current={current} onOpen={open} />
      {!(error && paying.error) && <Accounts {...paying} retry={() => void paying.refetch()} />}
      {error && (
        <div className={css.failed}>
          <ErrorNote error={error} retry={readAgain} />
        </div>
      )}
      {waiting && !asked.error && <WaitingRows n={6} />}
      {!waiting && !asked.error && rest.length === 0 && <Nothing filtered={filtered} unknown={unknown.length} />}
    </>
  );

  return (
    <>
      <section
        className={css.page}
        aria-label={t("nav.outgoing")}
        data-narrowed={opened !== null || spent !== undefined || telling}
      >
        <header className={sections.filters}>
          {tabs}
          <span className={sections.right}>
            {news > 0 && <Button onClick={take}>{t("outgoing.news", { n: news })}</Button>}
            {may && (
              <Button
                variant="default"
                leftSection={<IconUsersGroup size={16} stroke={1.6} aria-hidden="true" />}
                onClick={() => change({ tell: telling ? null : "group", mt: null, credits: null })}
                aria-pressed={telling}
              >
                {t("tellgroup.open")}
              </Button>
            )}
            <Button
              variant="default"
              leftSection={<IconCoins size={16} stroke={1.6} aria-hidden="true" />}
              onClick={() =>
                change({ credits: spent === undefined ? "account" : null, mt: null, tell: null, group: null })
              }
              aria-pressed={spent !== undefined}
            >
              {t(narrow ? "spent.open_short" : "spent.open")}
            </Button>
          </span>
        </header>
        <div className={css.filters}>
          <NativeSelect
            rightSection={chevron}
            aria-label={t("outgoing.state")}
            value={state ?? ""}
            onChange={(e) => change({ state: e.currentTarget.value, mt: null }, true)}
            data={[
              { value: "", label: t("message.any_state") },
              ...FILTERS.map((s) => ({ value: s, label: s === OPEN ? t("outgoing.open") : t(`outgoing.state.${s}`) })),
            ]}
          />
          <DevicePicker
            modems={devices}
            value={device ?? null}
            onChange={(id) => change({ device: id, mt: null }, true)}
          />
          {accountNames.length > 1 && (
            <NativeSelect
              rightSection={chevron}
              aria-label={t("outgoing.filter_account")}
              value={account ?? ""}
              onChange={(e) => change({ account: e.currentTarget.value, mt: null }, true)}
              data={[
                { value: "", label: t("outgoing.any_account") },
                ...accountNames.map((name) => ({ value: name, label: name })),
              ]}
            />
          )}
          {filtered && (
            <CloseButton
              size={36}
              onClick={() => change({ state: null, device: null, account: null }, true)}
              aria-label={t("outgoing.no_filter")}
              title={t("outgoing.no_filter")}
            />
          )}
        </div>
        <VirtualList
          label={t("nav.outgoing")}
          items={shown}
          idOf={(mt) => mt.id}
          render={(mt) => <OutgoingRow mt={mt} name={names.get(mt.modem_id) ?? mt.imei} />}
          current={current}
          onOpen={open}
          onHover={setPointing}
          onScrolled={setAway}
          narrowRow={60}
          above={above}
          head={rest.length > 0 && <OutgoingHead />}
          footer={
            asked.hasNextPage && (
              <div className={css.older}>
                <Button variant="default" loading={asked.isFetchingNextPage} onClick={() => void asked.fetchNextPage()}>
                  {t("outgoing.older")}
                </Button>
              </div>
            )
          }
        />
      </section>
      {opened !== null ? (
        <MtPanel
          key={opened}
          id={opened}
          known={mts.find((mt) => mt.id === opened) ?? allUnknown.get(opened)}
          onClose={close}
        />
      ) : telling ? (
        <TellGroup groupId={search.get("group")} onClose={close} />
      ) : (
        spent !== undefined && <CreditsPanel by={spent} onBy={(by) => change({ credits: by }, true)} onClose={close} />
      )}
    </>
  );
}

/** Why the list is empty, and what the first step is. */
function Nothing({ filtered, unknown }: { filtered: boolean; unknown: number }) {
  if (unknown > 0) return <Empty title={t("outgoing.all_unknown")} />;
  if (filtered) return <Empty title={t("outgoing.none_found")}>{t("outgoing.none_found_how")}</Empty>;
  return (
    <Empty title={t("outgoing.empty")}>
      <p>{t("outgoing.empty_how")}</p>
      <p>
        <Link className="link" to="/">
          {t("outgoing.empty_link")}
        </Link>
      </p>
    </Empty>
  );
}
