// What arrived, newest first and live: did it arrive, what did it say, what did we make of it.
import { ActionIcon, Button, CloseButton, NativeSelect } from "@mantine/core";
import { IconChevronDown, IconFileImport } from "@tabler/icons-react";
import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { useMemo, useState } from "react";
import { Link } from "react-router";
import * as calls from "../api/calls";
import { useSession } from "../api/session";
import { MESSAGE_STATES } from "../api/types";
import { fleetRows, nameOf } from "../domain/fleet";
import { mergeMessages, newestFirst } from "../live/reducer";
import { useLive } from "../live/store";
import { device as registered } from "../registry/calls";
import { t } from "../text/text";
import { DevicePicker } from "../ui/DevicePicker";
import { useAddress } from "../ui/useAddress";
import { useHeld } from "../ui/useHeld";
import { useListKeys } from "../ui/useListKeys";
import { useNarrow } from "../ui/useNarrow";
import { MessageList } from "./MessageList";
import { MessagePanel } from "./MessagePanel";
import css from "./messages.module.css";

/** Whose messages are shown, where it is a device of the registry. */
function Owner({ id }: { id: string }) {
  const { data } = useQuery({ queryKey: ["device", id], queryFn: () => registered(id) });
  return <span className={css.owner}>{t("registry.messages_of", { name: data?.name ?? "…" })}</span>;
}

/** Messages from a file; a phone has room for the sign alone. */
function ImportLink() {
  const narrow = useNarrow();
  const sign = <IconFileImport size={narrow ? 20 : 16} stroke={1.6} aria-hidden="true" />;
  if (narrow) {
    return (
      <ActionIcon component={Link} to="/import" variant="default" size={44} aria-label={t("nav.import")}>
        {sign}
      </ActionIcon>
    );
  }
  return (
    <Button component={Link} to="/import" variant="default" leftSection={sign} title={t("nav.import")}>
      {t("import.open")}
    </Button>
  );
}

export default function MessagesPage() {
  const [search, change] = useAddress();
  const { role } = useSession();
  const live = useLive((picture) => picture.messages);
  const epoch = useLive((picture) => picture.epoch);
  const modems = useLive((picture) => picture.modems);
  const [pointing, setPointing] = useState(false);
  const [away, setAway] = useState(false);
  const [cursor, setCursor] = useState<string | null>(null);
  const state = MESSAGE_STATES.find((s) => s === search.get("state"));
  const device = search.get("device") ?? undefined;
  const owner = search.get("of") ?? undefined;
  const opened = search.get("message");

  const asked = useInfiniteQuery({
    queryKey: ["messages", "list", state, device, owner, epoch],
    queryFn: ({ pageParam }) => calls.messages({ state, modem_id: device, device_id: owner }, pageParam),
    initialPageParam: null as string | null,
    getNextPageParam: (last) => last.next_cursor,
    staleTime: Number.POSITIVE_INFINITY,
  });
  const messages = useMemo(() => {
    const fresh = live.filter(
      (m) => (device === undefined || m.modem_id === device) && (owner === undefined || m.device?.id === owner),
    );
    const merged = mergeMessages(fresh, asked.data?.pages.flatMap((page) => page.items) ?? []);
    return state === undefined ? merged : merged.filter((m) => m.state === state);
  }, [live, asked.data, state, device, owner]);
  const { shown, news, take } = useHeld(messages, pointing || away || opened !== null, newestFirst);

  const names = useMemo(() => new Map([...modems.values()].map((m) => [m.imei, nameOf(m)])), [modems]);
  const devices = useMemo(() => fleetRows(modems.values(), 0).map((row) => row.modem), [modems]);

  const open = (id: string) => {
    setCursor(id);
    change({ message: id }, opened !== null);
  };
  const close = () => change({ message: null });
  const current = opened ?? cursor;
  useListKeys({
    ids: useMemo(() => shown.map((m) => m.id), [shown]),
    current,
    move: (id) => (opened === null ? setCursor(id) : open(id)),
    open,
    back: () => (opened !== null ? close() : setCursor(null)),
  });

  return (
    <>
      <section className={css.page} aria-label={t("nav.messages")}>
        <header className={css.filters}>
          <NativeSelect
            rightSection={<IconChevronDown size={16} stroke={1.6} aria-hidden="true" />}
            aria-label={t("message.filter_state")}
            value={state ?? ""}
            onChange={(e) => change({ state: e.currentTarget.value, message: null }, true)}
            data={[
              { value: "", label: t("message.any_state") },
              ...MESSAGE_STATES.map((s) => ({ value: s, label: t(`message.state.${s}`) })),
            ]}
          />
          <DevicePicker
            modems={devices}
            value={device ?? null}
            onChange={(id) => change({ device: id, message: null }, true)}
          />
          {owner && <Owner id={owner} />}
          {(state || device || owner) && (
            <CloseButton
              size={36}
              onClick={() => change({ state: null, device: null, of: null }, true)}
              aria-label={t("message.no_filter")}
              title={t("message.no_filter")}
            />
          )}
          <span className={css.right}>
            {news > 0 && <Button onClick={take}>{t("message.news", { n: news })}</Button>}
            {role !== "viewer" && <ImportLink />}
          </span>
        </header>
        <MessageList
          messages={shown}
          names={names}
          waiting={asked.isPending && shown.length === 0}
          error={asked.error}
          filtered={state !== undefined || device !== undefined || owner !== undefined}
          current={current}
          narrowed={opened !== null}
          older={
            asked.hasNextPage && (
              <Button variant="default" loading={asked.isFetchingNextPage} onClick={() => void asked.fetchNextPage()}>
                {t("message.older")}
              </Button>
            )
          }
          onOpen={open}
          onHover={setPointing}
          onScrolled={setAway}
          retry={() => void asked.refetch()}
        />
      </section>
      {opened !== null && <MessagePanel id={opened} known={messages.find((m) => m.id === opened)} onClose={close} />}
    </>
  );
}
