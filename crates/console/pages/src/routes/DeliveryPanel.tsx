// One delivery whole: how far it has come and why, what was sent, what was answered, and what can be done.
import { Button, Skeleton } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { Link } from "react-router";
import { DELIVERY_MARK, pretty } from "../domain/deliveries";
import { useNow } from "../live/store";
import { t } from "../text/text";
import { Ago, AgoExact } from "../ui/Ago";
import { Copyable } from "../ui/Copyable";
import { ErrorNote } from "../ui/ErrorNote";
import { Fact, Facts, Part } from "../ui/Facts";
import form from "../ui/form.module.css";
import { ReasonForm } from "../ui/ReasonForm";
import { Sentence } from "../ui/Sentence";
import { SidePanel } from "../ui/SidePanel";
import { StateMark } from "../ui/StateMark";
import { useMayRoute } from "./Area";
import type { Delivery, DeliveryDetail } from "./apiTypes";
import * as calls from "./calls";
import { DELIVERIES_KEY, useTake } from "./data";
import css from "./routes.module.css";

function Head({ delivery }: { delivery: Delivery }) {
  const { state, cause, next_try_at: next } = delivery;
  const now = useNow();
  return (
    <div className={css.healthHead}>
      <p>
        <StateMark state={DELIVERY_MARK[state]} /> <b>{t(`delivery.state.${state}`)}</b>{" "}
        {delivery.settled_at && (
          <span className="quiet">
            <Ago at={delivery.settled_at} past />
          </span>
        )}
      </p>
      {cause && (
        <p>
          <Sentence text={cause} />
        </p>
      )}
      {next && (
        <p>
          {Date.parse(next) <= now ? (
            t("delivery.due_how")
          ) : (
            <>
              {t("delivery.next")}: <Ago at={next} />.
            </>
          )}
        </p>
      )}
    </div>
  );
}

function About({ delivery }: { delivery: Delivery }) {
  const { endpoint, target_device: device, message_id: message, route_id: route, status } = delivery;
  return (
    <Part title={t("delivery.facts")}>
      <Facts>
        <Fact name={t("delivery.device")} why={t("delivery.test")}>
          {message &&
            (delivery.device_id ? (
              <Link className="link" to={`/devices?open=${delivery.device_id}`}>
                {delivery.device}
              </Link>
            ) : (
              delivery.device
            ))}
        </Fact>
        {message && (
          <Fact name={t("delivery.message")}>
            <Link className="link" to={`/messages?message=${message}`}>
              {t("delivery.message_open")}
            </Link>
          </Fact>
        )}
        <Fact name={t("delivery.to")} why={t("delivery.target_gone")}>
          {endpoint ? (
            <Link className="link" to={`/endpoints?open=${endpoint.id}`}>
              {endpoint.name}
            </Link>
          ) : (
            device?.name
          )}
        </Fact>
        <Fact name={t("delivery.route")} why={t(message ? "delivery.route_gone" : "delivery.route_none")}>
          {route && (
            <Link className="link" to={`/routes?open=${route}`}>
              {t("delivery.message_open")}
            </Link>
          )}
        </Fact>
        {delivery.mt_id && (
          <Fact name={t("delivery.mt")}>
            <Link className="link" to={`/outgoing?mt=${delivery.mt_id}`}>
              {t("delivery.mt_open")}
            </Link>
          </Fact>
        )}
        <Fact name={t("delivery.attempts")}>{String(delivery.attempts)}</Fact>
        {status !== null && <Fact name={t("delivery.status")}>{String(status)}</Fact>}
        <Fact name={t("delivery.made")}>
          <AgoExact at={delivery.created_at} />
        </Fact>
        {delivery.tried_at && (
          <Fact name={t("delivery.tried")}>
            <AgoExact at={delivery.tried_at} />
          </Fact>
        )}
        <Fact name={t("delivery.id")}>
          <Copyable mono text={delivery.id} />
        </Fact>
      </Facts>
    </Part>
  );
}

function Actions({ delivery }: { delivery: Delivery }) {
  const take = useTake();
  const [asked, setAsked] = useState<"redeliver" | "discard" | null>(null);
  const waits = delivery.state === "waiting";
  const done = () => {
    setAsked(null);
    take.all();
  };
  if (asked !== null) {
    const again = asked === "redeliver";
    const costs = again && delivery.endpoint === null ? ` ${t("delivery.redeliver_device")}` : "";
    return (
      <ReasonForm
        effect={t(`delivery.${asked}_effect`) + costs}
        confirm={t(`delivery.${asked}_confirm`)}
        run={(reason) => (again ? calls.redeliver(delivery.id, reason) : calls.discard(delivery.id, reason))}
        onDone={done}
        onCancel={() => setAsked(null)}
      />
    );
  }
  return (
    <div className={form.buttons}>
      <Button variant="default" onClick={() => setAsked("redeliver")}>
        {t(waits ? "delivery.now" : "delivery.redeliver")}
      </Button>
      {(waits || delivery.state === "failed") && (
        <Button variant="default" onClick={() => setAsked("discard")}>
          {t("delivery.discard")}
        </Button>
      )}
    </div>
  );
}

function Bodies({ detail }: { detail: DeliveryDetail }) {
  const { delivery, content_type: type, body, response } = detail;
  return (
    <>
      <Part title={t(delivery.state === "delivered" ? "delivery.body" : "delivery.body_waiting")} aside={type}>
        <div className={css.body}>
          <Copyable text={body} shown={pretty(type, body)} />
        </div>
      </Part>
      {delivery.endpoint && delivery.attempts > 0 && (
        <Part title={t("delivery.answer")}>
          {response ? (
            <div className={css.body}>
              <Copyable text={response} />
            </div>
          ) : (
            <p className="quiet">{t("delivery.answer_none")}</p>
          )}
        </Part>
      )}
    </>
  );
}

interface Props {
  id: string;
  known: Delivery | undefined;
  onClose(): void;
}

export function DeliveryPanel({ id, known, onClose }: Props) {
  const may = useMayRoute();
  const { data, error, refetch } = useQuery({
    queryKey: [...DELIVERIES_KEY, "one", id],
    queryFn: () => calls.delivery(id),
  });
  const delivery = data?.delivery ?? known;
  return (
    <SidePanel label={t("delivery.panel")} title={t("delivery.panel")} onClose={onClose}>
      {delivery && <Head delivery={delivery} />}
      {delivery && may && (
        <Part title={t("delivery.do")}>
          <Actions delivery={delivery} />
        </Part>
      )}
      {delivery && <About delivery={delivery} />}
      {data && <Bodies detail={data} />}
      {error && <ErrorNote error={error} retry={() => void refetch()} />}
      {!data && !error && (
        <div className={css.wait}>
          <Skeleton height={80} />
        </div>
      )}
    </SidePanel>
  );
}
