// Routes as sentences: whose messages go where, under which conditions, and how that goes.
import { Button, TextInput } from "@mantine/core";
import { IconPlus } from "@tabler/icons-react";
import { useMutation } from "@tanstack/react-query";
import { memo, useMemo, useState } from "react";
import { Link } from "react-router";
import { conditionsSentence, plain, routeFits, routeSentence } from "../domain/routes";
import { t } from "../text/text";
import { Ago } from "../ui/Ago";
import { Choices } from "../ui/Choices";
import { Empty } from "../ui/Empty";
import { ErrorNote } from "../ui/ErrorNote";
import { Roster, wholeList } from "../ui/Roster";
import { SectionFrame } from "../ui/SectionFrame";
import { useAddress } from "../ui/useAddress";
import { AreaTabs, NEW, useMayRoute } from "./Area";
import type { Route } from "./apiTypes";
import * as calls from "./calls";
import { useEndpoints, useRoutes, useRoutingNews, useTake } from "./data";
import { EditRoute, NewRoute } from "./RouteForm";
import { RoutePanel } from "./RoutePanel";
import { Emphasised } from "./RouteSentence";
import css from "./routes.module.css";
import { Turn } from "./Turn";

interface RowProps {
  route: Route;
  onTurn: ((id: string, on: boolean) => void) | undefined;
}

const RouteRow = memo(function RouteRow({ route, onTurn }: RowProps) {
  const sentence = routeSentence(route);
  const conditions = conditionsSentence(route.conditions);
  const second = [route.name, conditions].filter(Boolean).join(" · ");
  return (
    <div className={`${css.cells} ${css.routes}`} data-off={!route.enabled}>
      <span className={css.switch}>
        <Turn on={route.enabled} onTurn={onTurn && ((on) => onTurn(route.id, on))} />
      </span>
      <span className={css.sentence} title={plain(sentence)}>
        <Emphasised text={sentence} />
      </span>
      <span className={css.conditions} title={second}>
        {second || t("route.if_none")}
      </span>
      <span className={`${css.number} ${css.waiting}`}>
        {route.waiting > 0 ? route.waiting.toLocaleString("en") : <span className="quiet">0</span>}
      </span>
      <span className={`${css.time} ${css.last}`}>
        {route.delivered_at ? <Ago at={route.delivered_at} past /> : <span className="quiet">{t("route.never")}</span>}
      </span>
    </div>
  );
});

const WHICH = ["all", "on", "off"] as const;

function Filters({ q, which }: { q: string; which: (typeof WHICH)[number] }) {
  const [, change] = useAddress();
  return (
    <div className={css.tools} role="search" aria-label={t("route.filters")}>
      <TextInput
        data-search
        type="search"
        className={css.search}
        aria-label={t("route.search")}
        placeholder={t("route.search")}
        value={q}
        onChange={(e) => change({ q: e.currentTarget.value }, true)}
        onKeyDown={(e) => {
          if (e.key === "Escape") change({ q: null }, true);
          if (["Escape", "Enter", "ArrowDown"].includes(e.key)) e.currentTarget.blur();
        }}
      />
      <Choices
        label={t("route.turned")}
        values={WHICH}
        chosen={which}
        words={(one) => t(`route.which.${one}`)}
        onChoose={(one) => change({ which: one === "all" ? null : one }, true)}
      />
    </div>
  );
}

/** What a person does first: an endpoint, then a route to it. */
function Nothing() {
  const { data: endpoints } = useEndpoints();
  return (
    <Empty title={t("route.empty")}>
      <p>{t("route.empty_how")}</p>
      {endpoints?.length === 0 && (
        <p>
          <Link className="link" to={`/endpoints?open=${NEW}`}>
            {t("route.empty_first")}
          </Link>
        </p>
      )}
    </Empty>
  );
}

function RouteList() {
  const [search, change] = useAddress();
  const may = useMayRoute();
  const take = useTake();
  const asked = useRoutes();
  const opened = search.get("open");
  const q = search.get("q") ?? "";
  const which = WHICH.find((one) => one === search.get("which")) ?? "all";
  const endpoint = search.get("endpoint");
  const filtered = q !== "" || which !== "all" || endpoint !== null;
  const shown = useMemo(
    () =>
      asked.data?.filter(
        (route) =>
          (which === "all" || route.enabled === (which === "on")) &&
          (endpoint === null || route.target_endpoint?.id === endpoint) &&
          routeFits(route, q.trim()),
      ),
    [asked.data, which, endpoint, q],
  );
  const turning = useMutation({
    mutationFn: ({ id, on }: { id: string; on: boolean }) => calls.turnRoute(id, on),
    onSuccess: take.route,
  });
  const { mutate } = turning;
  const [onTurn] = useState(() => (id: string, on: boolean) => mutate({ id, on }));
  const show = (id: string | null) => change({ open: id }, id !== null && opened !== null);
  return (
    <SectionFrame
      label={t("nav.routes")}
      tabs={<AreaTabs shown="routes" />}
      panel={
        opened === null ? null : (
          <RoutePanel
            key={opened}
            route={asked.data?.find(({ id }) => id === opened)}
            waiting={asked.isPending}
            onClose={() => show(null)}
          />
        )
      }
      aside={
        may && (
          <Button leftSection={<IconPlus size={16} aria-hidden="true" />} onClick={() => show(NEW)}>
            {t("route.new")}
          </Button>
        )
      }
    >
      {(filtered || (asked.data?.length ?? 0) > 0) && <Filters q={q} which={which} />}
      {turning.error && <ErrorNote error={turning.error} />}
      <Roster
        label={t("nav.routes")}
        className={`${css.cells} ${css.routes}`}
        paged={{ ...wholeList(asked), items: shown ?? [] }}
        opened={opened}
        head={
          <>
            <span />
            <span className={css.sentence}>{t("route.says")}</span>
            <span className={`${css.number} ${css.waiting}`}>{t("route.waiting")}</span>
            <span className={`${css.time} ${css.last}`}>{t("route.delivered")}</span>
          </>
        }
        row={(route) => <RouteRow route={route} onTurn={may ? onTurn : undefined} />}
        wideRow={56}
        narrowRow={84}
        more={t("routes.more")}
        empty={filtered ? <Empty title={t("route.none_found")}>{t("route.none_found_how")}</Empty> : <Nothing />}
        onOpen={show}
      />
    </SectionFrame>
  );
}

export default function RoutesPage() {
  useRoutingNews();
  const [search, change] = useAddress();
  const shut = () => change({ open: null, edit: null, like: null, endpoint: null });
  const made = (id: string) => change({ open: id, edit: null, like: null, endpoint: null }, true);
  const edit = search.get("edit");
  if (edit !== null) return <EditRoute key={edit} id={edit} onDone={made} onClose={() => change({ edit: null })} />;
  if (search.get("open") === NEW) {
    return <NewRoute like={search.get("like")} endpoint={search.get("endpoint")} onDone={made} onClose={shut} />;
  }
  return <RouteList />;
}
