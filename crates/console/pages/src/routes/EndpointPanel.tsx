// One endpoint: how it is and since when, how it is reached, its secrets, a test, and its end.
import { Button, Skeleton } from "@mantine/core";
import { type ReactNode, useState } from "react";
import { Link } from "react-router";
import { HEALTH_MARK } from "../domain/deliveries";
import { endpointWish } from "../domain/endpoints";
import { t } from "../text/text";
import { Ago, AgoExact } from "../ui/Ago";
import { Confirm } from "../ui/Confirm";
import { Copyable } from "../ui/Copyable";
import { Empty } from "../ui/Empty";
import { Fact, Facts, Part } from "../ui/Facts";
import form from "../ui/form.module.css";
import { ReasonForm } from "../ui/ReasonForm";
import { Sentence } from "../ui/Sentence";
import { SidePanel } from "../ui/SidePanel";
import { StateMark } from "../ui/StateMark";
import { useMayEndpoint } from "./Area";
import type { Endpoint, EndpointConfig } from "./apiTypes";
import * as calls from "./calls";
import { useTake, useWhole } from "./data";
import { EndpointForm } from "./EndpointForm";
import { TestPart } from "./EndpointTest";
import { Lasting } from "./Lasting";
import css from "./routes.module.css";
import { SecretsPart } from "./SecretsPart";

/** What a state means where no failure says more. */
function meaning({ health }: Endpoint): string | null {
  if (health === "good" || health === "new" || health === "off" || health === "disabled") {
    return t(`endpoint.${health}_how`);
  }
  return null;
}

function Health({ endpoint }: { endpoint: Endpoint }) {
  const { health, failure, failing_since: since, next_try_at: next } = endpoint;
  const means = meaning(endpoint);
  return (
    <div className={css.healthHead}>
      <p>
        <StateMark state={HEALTH_MARK[health]} /> <b>{t(`endpoint.health.${health}`)}</b>{" "}
        {since && health !== "good" && (
          <span className="quiet">
            <Lasting since={since} />
          </span>
        )}
      </p>
      {failure && (
        <p>
          <Sentence text={failure} />
        </p>
      )}
      {means && <p className="quiet">{means}</p>}
      {next && health === "failing" && (
        <p>
          {t("endpoint.tried_again")} <Ago at={next} />.
        </p>
      )}
    </div>
  );
}

function configFacts(config: EndpointConfig): [string, ReactNode][] {
  switch (config.kind) {
    case "webhook":
      return [
        [t("endpoint.concurrency"), String(config.concurrency)],
        [t("endpoint.timeout"), t("endpoint.timeout_value", { n: config.timeout_s })],
      ];
    case "sqs":
      return [[t("endpoint.region"), config.region ?? t("endpoint.region_read")]];
    case "amqp":
      return [
        [t("endpoint.exchange"), <Copyable key="x" mono text={config.exchange} />],
        [t("endpoint.routing_key"), <Copyable key="k" mono text={config.routing_key} />],
        [t("endpoint.mandatory"), t(config.mandatory ? "endpoint.mandatory_yes" : "endpoint.mandatory_no")],
      ];
    case "mqtt":
      return [
        [t("endpoint.topic"), <Copyable key="t" mono text={config.topic} />],
        [t("endpoint.qos"), String(config.qos)],
        [t("endpoint.retain"), t(config.retain ? "endpoint.retain_yes" : "endpoint.retain_no")],
        [
          t("endpoint.discovery"),
          config.discovery_prefix === null
            ? t("endpoint.discovery_no")
            : t("endpoint.discovery_yes", { prefix: config.discovery_prefix }),
        ],
      ];
  }
}

function SecretFacts({ endpoint }: { endpoint: Endpoint }) {
  const { kind, username, has_password: set } = endpoint;
  if (kind === "webhook") return null;
  const sqs = kind === "sqs";
  return (
    <>
      <Fact name={t(sqs ? "endpoint.key_id" : "endpoint.user")}>
        {username ?? t(sqs ? "endpoint.key_none" : "endpoint.user_none")}
      </Fact>
      {(username !== null || set) && (
        <Fact name={t(sqs ? "endpoint.secret_key" : "endpoint.password")}>
          {t(set ? "endpoint.password_set" : "endpoint.password_none")}
        </Fact>
      )}
    </>
  );
}

function About({ endpoint }: { endpoint: Endpoint }) {
  const { id, config, number, waiting, routes } = endpoint;
  return (
    <Part title={t("endpoint.about")}>
      <Facts>
        <Fact name={t("endpoint.kind")}>{t(`endpoint.kind.${endpoint.kind}`)}</Fact>
        <Fact name={t("endpoint.address")}>
          <Copyable text={config.url} />
        </Fact>
        {configFacts(config).map(([name, value]) => (
          <Fact key={name} name={name}>
            {value}
          </Fact>
        ))}
        <SecretFacts endpoint={endpoint} />
        <Fact name={t("endpoint.routes")}>
          {routes === 0 ? (
            "0"
          ) : (
            <>
              {routes} ·{" "}
              <Link className="link" to={`/routes?endpoint=${id}`}>
                {t("endpoint.routes_show")}
              </Link>
            </>
          )}
        </Fact>
        <Fact name={t("endpoint.waiting")}>{waiting.toLocaleString("en")}</Fact>
        <Fact name={t("endpoint.delivered")} why={t("route.never")}>
          {endpoint.delivered_at && <AgoExact at={endpoint.delivered_at} />}
        </Fact>
        <Fact name={t("nav.deliveries")}>
          <Link className="link" to={`/deliveries?endpoint=${id}`}>
            {t("endpoint.deliveries")}
          </Link>
        </Fact>
        {number !== null && <Fact name={t("endpoint.number")}>{String(number)}</Fact>}
        <Fact name={t("endpoint.made")}>
          <AgoExact at={endpoint.created_at} />
          <br />
          <span className="quiet">{t("route.made_by", { who: endpoint.created_by })}</span>
        </Fact>
      </Facts>
    </Part>
  );
}

function Actions({ endpoint, onEdit, onClose }: { endpoint: Endpoint; onEdit(): void; onClose(): void }) {
  const take = useTake();
  const [asked, setAsked] = useState<"delete" | "turn" | null>(null);
  const { id, name, enabled, health, waiting, routes } = endpoint;
  const on = enabled && health !== "disabled";
  const cancel = () => setAsked(null);
  if (asked === "delete") {
    return (
      <Confirm
        effect={t("endpoint.delete_effect", { name })}
        confirm={t("endpoint.delete_confirm", { name })}
        run={() => calls.deleteEndpoint(id)}
        onDone={() => {
          onClose();
          take.endpointGone(id);
        }}
        onCancel={cancel}
      />
    );
  }
  if (asked === "turn") {
    return (
      <ReasonForm
        effect={on ? t("endpoint.turn_off_effect") : t("endpoint.turn_on_effect", { n: waiting })}
        confirm={t(on ? "endpoint.turn_off" : "endpoint.turn_on")}
        run={(reason) => calls.turnEndpoint(id, !on, reason)}
        onDone={(turned) => {
          take.endpoint(turned);
          cancel();
        }}
        onCancel={cancel}
      />
    );
  }
  return (
    <div className={css.stack}>
      <div className={form.buttons}>
        <Button variant="default" onClick={onEdit}>
          {t("endpoint.edit")}
        </Button>
        <Button variant="default" onClick={() => setAsked("turn")}>
          {t(on ? "endpoint.turn_off" : "endpoint.turn_on")}
        </Button>
        <Button variant="default" disabled={routes > 0} onClick={() => setAsked("delete")}>
          {t("endpoint.delete")}
        </Button>
      </div>
      {routes > 0 && (
        <p className="quiet">
          {t("endpoint.delete_used", { n: routes })}{" "}
          <Link className="link" to={`/routes?endpoint=${id}`}>
            {t("endpoint.routes_show")}
          </Link>
        </p>
      )}
    </div>
  );
}

interface Props {
  endpoint: Endpoint | undefined;
  waiting: boolean;
  onClose(): void;
}

export function EndpointPanel({ endpoint: shown, waiting, onClose }: Props) {
  const may = useMayEndpoint();
  const endpoint = useWhole(shown, may);
  const take = useTake();
  const [editing, setEditing] = useState(false);
  if (endpoint === undefined) {
    return (
      <SidePanel label={t("endpoint.panel")} title={t("endpoint.panel")} onClose={onClose}>
        {waiting ? (
          <div className={css.wait}>
            <Skeleton height={80} />
          </div>
        ) : (
          <Empty title={t("endpoint.gone")}>{t("endpoint.gone_how")}</Empty>
        )}
      </SidePanel>
    );
  }
  const { id, name } = endpoint;
  return (
    <SidePanel label={t("endpoint.panel")} title={name} onClose={onClose}>
      {editing ? (
        <Part title={t("endpoint.form.edit_title", { name })}>
          <EndpointForm
            before={endpoint}
            confirm={t("endpoint.form.save")}
            save={(draft) => calls.changeEndpoint(id, endpointWish(draft, endpoint))}
            onSaved={(saved) => {
              take.endpoint(saved);
              setEditing(false);
            }}
            onCancel={() => setEditing(false)}
          />
        </Part>
      ) : (
        <>
          <Health endpoint={endpoint} />
          <About endpoint={endpoint} />
          {may && <TestPart endpoint={endpoint} />}
          {endpoint.kind === "webhook" && <SecretsPart endpoint={endpoint} />}
          <Part title={t("endpoint.actions")}>
            {may ? (
              <Actions endpoint={endpoint} onEdit={() => setEditing(true)} onClose={onClose} />
            ) : (
              <p className="quiet">{t("routes.admin")}</p>
            )}
          </Part>
        </>
      )}
    </SidePanel>
  );
}
