// Endpoints: where routes deliver to, and how each of them is.
import { Button } from "@mantine/core";
import { IconPlus } from "@tabler/icons-react";
import { memo } from "react";
import { HEALTH_MARK } from "../domain/deliveries";
import { t } from "../text/text";
import { Ago } from "../ui/Ago";
import { Empty } from "../ui/Empty";
import { Roster, wholeList } from "../ui/Roster";
import { SectionFrame } from "../ui/SectionFrame";
import { StateMark } from "../ui/StateMark";
import { useAddress } from "../ui/useAddress";
import { AreaTabs, NEW, useMayEndpoint } from "./Area";
import type { Endpoint } from "./apiTypes";
import { useEndpoints, useRoutingNews } from "./data";
import { NewEndpointPanel } from "./EndpointForm";
import { EndpointPanel } from "./EndpointPanel";
import { Lasting } from "./Lasting";
import css from "./routes.module.css";

const EndpointRow = memo(function EndpointRow({ endpoint }: { endpoint: Endpoint }) {
  const { name, kind, config, health, failure, failing_since: since, waiting } = endpoint;
  return (
    <div className={`${css.cells} ${css.endpoints}`}>
      <span className={css.name} title={name}>
        {name}
      </span>
      <span className={css.kind}>{t(`endpoint.short.${kind}`)}</span>
      <span className={css.address} title={config.url}>
        {config.url}
      </span>
      <span className={css.state} title={failure ?? undefined}>
        <StateMark state={HEALTH_MARK[health]} /> {t(`endpoint.health.${health}`)}
        {health === "failing" && since && (
          <small>
            <Lasting since={since} />
          </small>
        )}
      </span>
      <span className={`${css.number} ${css.waiting}`}>
        {waiting > 0 ? waiting.toLocaleString("en") : <span className="quiet">0</span>}
      </span>
      <span className={`${css.number} ${css.routesOf}`}>{endpoint.routes}</span>
      <span className={css.time}>
        {endpoint.delivered_at ? (
          <Ago at={endpoint.delivered_at} past />
        ) : (
          <span className="quiet">{t("route.never")}</span>
        )}
      </span>
    </div>
  );
});

export default function EndpointsPage() {
  useRoutingNews();
  const [search, change] = useAddress();
  const may = useMayEndpoint();
  const asked = useEndpoints();
  const opened = search.get("open");
  const show = (id: string | null) => change({ open: id, do: null }, id !== null && opened !== null);
  const close = () => show(null);
  const panel =
    opened === null ? null : opened === NEW ? (
      <NewEndpointPanel onOpen={show} onClose={close} />
    ) : (
      <EndpointPanel
        key={opened}
        endpoint={asked.data?.find(({ id }) => id === opened)}
        waiting={asked.isPending}
        onClose={close}
      />
    );
  return (
    <SectionFrame
      label={t("nav.endpoints")}
      tabs={<AreaTabs shown="endpoints" />}
      panel={panel}
      aside={
        may && (
          <Button leftSection={<IconPlus size={16} aria-hidden="true" />} onClick={() => show(NEW)}>
            {t("endpoint.new")}
          </Button>
        )
      }
    >
      <Roster
        label={t("nav.endpoints")}
        className={`${css.cells} ${css.endpoints}`}
        paged={wholeList(asked)}
        opened={opened === NEW ? null : opened}
        head={
          <>
            <span className={css.name}>{t("endpoint.name")}</span>
            <span className={css.kind}>{t("endpoint.kind")}</span>
            <span className={css.address}>{t("endpoint.address")}</span>
            <span className={css.state}>{t("endpoint.health")}</span>
            <span className={`${css.number} ${css.waiting}`}>{t("endpoint.waiting")}</span>
            <span className={`${css.number} ${css.routesOf}`}>{t("endpoint.routes")}</span>
            <span className={css.time}>{t("endpoint.delivered")}</span>
          </>
        }
        row={(endpoint) => <EndpointRow endpoint={endpoint} />}
        more={t("routes.more")}
        empty={
          <Empty title={t("endpoint.empty")}>
            <p>{t("endpoint.empty_how")}</p>
            {!may && <p>{t("routes.admin")}</p>}
          </Empty>
        }
        onOpen={show}
      />
    </SectionFrame>
  );
}
