// One route: what it says, how it stands, and its end.
import { Button, Skeleton } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { Link } from "react-router";
import { conditionsSentence, livesWords, routeSentence } from "../domain/routes";
import { t } from "../text/text";
import { AgoExact } from "../ui/Ago";
import { Confirm } from "../ui/Confirm";
import { Empty } from "../ui/Empty";
import { ErrorNote } from "../ui/ErrorNote";
import { Fact, Facts, Part } from "../ui/Facts";
import form from "../ui/form.module.css";
import { SidePanel } from "../ui/SidePanel";
import { StateMark } from "../ui/StateMark";
import { useAddress } from "../ui/useAddress";
import { NEW, useMayRoute } from "./Area";
import type { Route } from "./apiTypes";
import * as calls from "./calls";
import { useTake } from "./data";
import { Emphasised } from "./RouteSentence";
import css from "./routes.module.css";

function Standing({ route }: { route: Route }) {
  const may = useMayRoute();
  const take = useTake();
  const turning = useMutation({
    mutationFn: (on: boolean) => calls.turnRoute(route.id, on),
    onSuccess: take.route,
  });
  return (
    <Part title={t("route.standing")}>
      <Facts>
        <Fact name={t("route.turned")}>
          <StateMark state={route.enabled ? "ok" : "all"} size={10} /> {t(route.enabled ? "route.on" : "route.off")}
        </Fact>
        <Fact name={t("route.waiting")}>{route.waiting.toLocaleString("en")}</Fact>
        <Fact name={t("route.delivered")} why={t("route.never")}>
          {route.delivered_at && <AgoExact at={route.delivered_at} />}
        </Fact>
        <Fact name={t("nav.deliveries")}>
          <Link className="link" to={`/deliveries?route=${route.id}`}>
            {t("route.deliveries")}
          </Link>
        </Fact>
      </Facts>
      {may && (
        <div className={`${form.buttons} ${css.below}`}>
          <Button variant="default" loading={turning.isPending} onClick={() => turning.mutate(!route.enabled)}>
            {t(route.enabled ? "route.turn_off" : "route.turn_on")}
          </Button>
        </div>
      )}
      {turning.error && <ErrorNote error={turning.error} />}
    </Part>
  );
}

function About({ route }: { route: Route }) {
  const { target_endpoint: endpoint } = route;
  return (
    <Part title={t("route.about")}>
      <Facts>
        {endpoint && (
          <Fact name={t("delivery.endpoint")}>
            <Link className="link" to={`/endpoints?open=${endpoint.id}`}>
              {endpoint.name}
            </Link>
          </Fact>
        )}
        {route.target.type === "device" && (
          <Fact name={t("route.lives")}>
            {livesWords(route.lives_s)}. <span className="quiet">{t("route.lives_how")}</span>
          </Fact>
        )}
        <Fact name={t("route.made")}>
          <AgoExact at={route.created_at} />
          <br />
          <span className="quiet">{t("route.made_by", { who: route.created_by })}</span>
        </Fact>
        {route.changed_at !== route.created_at && (
          <Fact name={t("route.changed")}>
            <AgoExact at={route.changed_at} />
          </Fact>
        )}
        <Fact name={t("route.number")}>{String(route.number)}</Fact>
      </Facts>
    </Part>
  );
}

function Actions({ route, onClose }: { route: Route; onClose(): void }) {
  const take = useTake();
  const [, change] = useAddress();
  const [asked, setAsked] = useState(false);
  if (asked) {
    return (
      <Confirm
        effect={t("route.delete_effect")}
        confirm={t("route.delete_confirm")}
        run={() => calls.deleteRoute(route.id)}
        onDone={() => {
          onClose();
          take.routeGone(route.id);
        }}
        onCancel={() => setAsked(false)}
      />
    );
  }
  return (
    <div className={form.buttons}>
      <Button variant="default" onClick={() => change({ edit: route.id })}>
        {t("route.edit")}
      </Button>
      <Button variant="default" onClick={() => change({ open: NEW, like: route.id })}>
        {t("route.copy")}
      </Button>
      <Button variant="default" onClick={() => setAsked(true)}>
        {t("route.delete")}
      </Button>
    </div>
  );
}

interface Props {
  route: Route | undefined;
  waiting: boolean;
  onClose(): void;
}

export function RoutePanel({ route, waiting, onClose }: Props) {
  const may = useMayRoute();
  if (route === undefined) {
    return (
      <SidePanel label={t("route.panel")} title={t("route.panel")} onClose={onClose}>
        {waiting ? (
          <div className={css.wait}>
            <Skeleton height={80} />
          </div>
        ) : (
          <Empty title={t("route.gone")}>{t("route.gone_how")}</Empty>
        )}
      </SidePanel>
    );
  }
  const conditions = conditionsSentence(route.conditions);
  return (
    <SidePanel label={t("route.panel")} title={route.name || t("route.panel")} onClose={onClose}>
      <div className={css.says}>
        <p>
          <Emphasised text={routeSentence(route)} />
          {conditions && `, ${conditions}`}.
        </p>
      </div>
      <Standing route={route} />
      <About route={route} />
      <Part title={t("endpoint.actions")}>
        {may ? <Actions route={route} onClose={onClose} /> : <p className="quiet">{t("routes.operator")}</p>}
      </Part>
    </SidePanel>
  );
}
