// Deliveries: what was passed on where, what waits and what failed; newest first, and read anew as it changes.
import { ActionIcon, CloseButton, NativeSelect } from "@mantine/core";
import { IconX } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { memo, useMemo } from "react";
import { Link } from "react-router";
import { DELIVERY_MARK, DELIVERY_STATES, momentOf } from "../domain/deliveries";
import { plain, routeSentence } from "../domain/routes";
import { useNow } from "../live/store";
import { device as readDevice } from "../registry/calls";
import { t } from "../text/text";
import { Ago } from "../ui/Ago";
import { chevron } from "../ui/Chevron";
import { DeviceField } from "../ui/DeviceField";
import { Empty } from "../ui/Empty";
import { Roster, usePaged } from "../ui/Roster";
import { SectionFrame } from "../ui/SectionFrame";
import { Sentence } from "../ui/Sentence";
import { StateMark } from "../ui/StateMark";
import { useAddress } from "../ui/useAddress";
import { AreaTabs, useMayRoute } from "./Area";
import type { Delivery } from "./apiTypes";
import * as calls from "./calls";
import { DeliveryPanel } from "./DeliveryPanel";
import { DELIVERIES_KEY, useEndpoints, useRoutes, useRoutingNews } from "./data";
import { ManyStrip } from "./ManyStrip";
import css from "./routes.module.css";

/** Where a delivery goes, in a word or two. */
export function targetName({ endpoint, target_device: device }: Delivery): string {
  return endpoint?.name ?? device?.name ?? t("delivery.target_gone");
}

/** When something happens next, or happened last. */
function Moment({ delivery }: { delivery: Delivery }) {
  const now = useNow();
  const at = momentOf(delivery);
  return delivery.state === "waiting" && Date.parse(at) <= now ? t("delivery.due") : <Ago at={at} />;
}

const DeliveryRow = memo(function DeliveryRow({ delivery }: { delivery: Delivery }) {
  const { state, cause, device, attempts } = delivery;
  return (
    <div className={`${css.cells} ${css.deliveries}`}>
      <span className={css.time}>
        <Ago at={delivery.created_at} past />
      </span>
      <span className={`${css.name} ${css.device}`} title={device}>
        {delivery.message_id === null ? <span className="quiet">{t("delivery.test")}</span> : device}
      </span>
      <span className={css.target} title={targetName(delivery)}>
        → {targetName(delivery)}
      </span>
      <span className={css.state}>
        <StateMark state={DELIVERY_MARK[state]} /> {t(`delivery.state.${state}`)}
      </span>
      <span className={css.cause} title={cause}>
        <Sentence text={cause} />
      </span>
      <span className={css.attempts}>{attempts}</span>
      <span className={css.next}>
        <Moment delivery={delivery} />
      </span>
    </div>
  );
});

function Filters({ filter }: { filter: calls.DeliveryFilter }) {
  const [, change] = useAddress();
  const { data: endpoints = [] } = useEndpoints();
  const { data: routes = [] } = useRoutes();
  const { data: device } = useQuery({
    queryKey: ["device", filter.device],
    queryFn: () => readDevice(filter.device ?? ""),
    enabled: filter.device !== undefined,
  });
  const filtered = Object.values(filter).some((one) => one !== undefined);
  const set = (values: Record<string, string | null>) => change({ ...values, open: null }, true);
  return (
    <div className={css.tools} role="search" aria-label={t("route.filters")}>
      <NativeSelect
        rightSection={chevron}
        aria-label={t("delivery.state")}
        value={filter.state ?? ""}
        onChange={(e) => set({ state: e.currentTarget.value })}
        data={[
          { value: "", label: t("message.any_state") },
          ...DELIVERY_STATES.map((state) => ({ value: state, label: t(`delivery.state.${state}`) })),
        ]}
      />
      <NativeSelect
        rightSection={chevron}
        aria-label={t("delivery.endpoint")}
        value={filter.endpoint ?? ""}
        onChange={(e) => set({ endpoint: e.currentTarget.value })}
        data={[
          { value: "", label: t("delivery.any_endpoint") },
          ...endpoints.map(({ id, name }) => ({ value: id, label: name })),
        ]}
      />
      <NativeSelect
        rightSection={chevron}
        aria-label={t("delivery.route")}
        value={filter.route ?? ""}
        onChange={(e) => set({ route: e.currentTarget.value })}
        data={[
          { value: "", label: t("delivery.any_route") },
          ...routes.map((route) => ({ value: route.id, label: route.name || plain(routeSentence(route)) })),
        ]}
      />
      <DeviceField
        label=""
        name={t("message.filter_device")}
        placeholder={t("message.any_device")}
        value={filter.device !== undefined && device ? { id: device.id, kind: device.kind, name: device.name } : null}
        onChange={(one) => set({ device: one?.id ?? null })}
      />
      {filter.message !== undefined && (
        <span className={css.tag}>
          {t("delivery.of_message")}
          <ActionIcon
            variant="subtle"
            color="gray"
            size={32}
            aria-label={t("delivery.no_filter")}
            onClick={() => set({ message: null })}
          >
            <IconX size={14} />
          </ActionIcon>
        </span>
      )}
      {filtered && (
        <CloseButton
          size={36}
          aria-label={t("delivery.no_filter")}
          title={t("delivery.no_filter")}
          onClick={() => set({ state: null, endpoint: null, route: null, device: null, message: null })}
        />
      )}
    </div>
  );
}

function useFilter(search: URLSearchParams): calls.DeliveryFilter {
  const [state, endpoint, route, device, message] = ["state", "endpoint", "route", "device", "message"].map(
    (name) => search.get(name) ?? undefined,
  );
  return useMemo(
    () => ({ state: DELIVERY_STATES.find((one) => one === state), endpoint, route, device, message }),
    [state, endpoint, route, device, message],
  );
}

function Nothing({ filtered }: { filtered: boolean }) {
  if (filtered) return <Empty title={t("delivery.none_found")}>{t("delivery.none_found_how")}</Empty>;
  return (
    <Empty title={t("delivery.empty")}>
      <p>{t("delivery.empty_how")}</p>
      <p>
        <Link className="link" to="/routes">
          {t("delivery.empty_link")}
        </Link>
      </p>
    </Empty>
  );
}

export default function DeliveriesPage() {
  useRoutingNews();
  const [search, change] = useAddress();
  const may = useMayRoute();
  const filter = useFilter(search);
  const paged = usePaged([...DELIVERIES_KEY, "list", filter], (cursor) => calls.deliveries(filter, cursor));
  const { data: endpoints } = useEndpoints();
  const endpoint = endpoints?.find(({ id }) => id === filter.endpoint);
  const opened = search.get("open");
  const show = (id: string | null) => change({ open: id }, id !== null && opened !== null);
  const filtered = Object.values(filter).some((one) => one !== undefined);
  return (
    <SectionFrame
      label={t("nav.deliveries")}
      tabs={<AreaTabs shown="deliveries" />}
      aside={null}
      panel={
        opened === null ? null : (
          <DeliveryPanel
            key={opened}
            id={opened}
            known={paged.items.find(({ id }) => id === opened)}
            onClose={() => show(null)}
          />
        )
      }
    >
      <Filters filter={filter} />
      {endpoint && may && <ManyStrip key={endpoint.id} endpoint={endpoint} />}
      <Roster
        label={t("nav.deliveries")}
        className={`${css.cells} ${css.deliveries}`}
        paged={paged}
        opened={opened}
        head={
          <>
            <span className={css.time}>{t("delivery.made")}</span>
            <span className={css.device}>{t("delivery.device")}</span>
            <span className={css.target}>{t("delivery.to")}</span>
            <span className={css.state}>{t("delivery.state")}</span>
            <span className={css.cause}>{t("delivery.why")}</span>
            <span className={css.attempts}>{t("delivery.attempts")}</span>
            <span className={css.next}>{t("delivery.when")}</span>
          </>
        }
        row={(delivery) => <DeliveryRow delivery={delivery} />}
        more={t("routes.more")}
        empty={<Nothing filtered={filtered} />}
        onOpen={show}
      />
    </SectionFrame>
  );
}
