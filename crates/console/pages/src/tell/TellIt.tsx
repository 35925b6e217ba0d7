// What a device can be told, and how far what it was told last has come.
import { Button, Skeleton } from "@mantine/core";
import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { Link } from "react-router";
import * as calls from "../api/calls";
import { useSession } from "../api/session";
import type { Downlink, Modem, Mt } from "../api/types";
import { mayTell, ORDER_KINDS, type OrderKind, orderWords, refusals } from "../domain/orders";
import { t } from "../text/text";
import { ErrorNote } from "../ui/ErrorNote";
import { Part } from "../ui/Facts";
import form from "../ui/form.module.css";
import { ReasonForm } from "../ui/ReasonForm";
import { Sentence } from "../ui/Sentence";
import { StateMark } from "../ui/StateMark";
import { LastTold } from "./LastTold";
import { OrderForm } from "./OrderForm";
import css from "./tell.module.css";
import { useDownlink } from "./useDownlink";

/** The provider does not take messages for the device: nothing can be told until a person says it is put right. */
function Fault({ modem, fault }: { modem: Modem; fault: string }) {
  const { role } = useSession();
  const client = useQueryClient();
  const [clearing, setClearing] = useState(false);
  return (
    <div className={css.fault}>
      <p>
        <StateMark state="silent" /> <b>{t("tell.fault_title")}</b>
      </p>
      <p>
        <Sentence text={fault} />
      </p>
      {clearing ? (
        <ReasonForm
          effect={t("tell.fault_effect")}
          confirm={t("tell.fault_confirm")}
          run={(reason) => calls.changeDownlink(modem.id, { clear_fault: true, reason })}
          onDone={() => void client.invalidateQueries({ queryKey: ["downlink", modem.id] })}
          onCancel={() => setClearing(false)}
        />
      ) : (
        <>
          <p className="quiet">{t("tell.fault_how")}</p>
          {role !== "viewer" && (
            <div className={form.buttons}>
              <Button variant="default" onClick={() => setClearing(true)}>
                {t("tell.fault_clear")}
              </Button>
            </div>
          )}
        </>
      )}
    </div>
  );
}

/** Offers as buttons; what the device does not heed is there, and says why not. */
function Offers({ downlink, onChoose }: { downlink: Downlink; onChoose(kind: OrderKind): void }) {
  const { role } = useSession();
  const known = ORDER_KINDS.filter((kind) => downlink.offers.some((offer) => offer.kind === kind));
  const refused = (kind: OrderKind) => downlink.offers.find((offer) => offer.kind === kind)?.refusal ?? null;
  const why = refusals(downlink.offers);
  return (
    <>
      <div className={form.buttons}>
        {known.map((kind) => (
          <Button
            key={kind}
            variant="default"
            disabled={downlink.fault !== null || refused(kind) !== null || !mayTell(kind, role)}
            onClick={() => onChoose(kind)}
          >
            {t(`tell.offer.${kind}`)}
          </Button>
        ))}
      </div>
      {(why.length > 0 || !mayTell("text", role)) && (
        <ul className={css.refusals}>
          {why.map(([sentence, kinds]) => (
            <li key={sentence}>
              {t("tell.refused", { offers: kinds.map((kind) => t(`tell.offer.${kind}`)).join(", ") })}{" "}
              <Sentence text={sentence} />
            </li>
          ))}
          {!mayTell("text", role) && (
            <li>
              {t("tell.refused", { offers: t("tell.offer.text") })} {t("tell.admin_only")}
            </li>
          )}
        </ul>
      )}
    </>
  );
}

export function TellIt({ modem }: { modem: Modem }) {
  const { role } = useSession();
  const { data, error, refetch, isPending } = useDownlink(modem);
  const [chosen, setChosen] = useState<OrderKind | null>(null);
  const [sent, setSent] = useState<Mt | null>(null);
  const offer = data?.offers.find((one) => one.kind === chosen);
  const may = mayTell("interval", role);
  const all = (
    <Link className="link" to={`/outgoing?device=${modem.id}`}>
      {t("tell.all")}
    </Link>
  );
  return (
    <Part title={t("tell.title")} aside={all}>
      <div className={css.tell}>
        {error && <ErrorNote error={error} retry={() => void refetch()} />}
        {isPending && <Skeleton height={36} />}
        {data?.fault && <Fault modem={modem} fault={data.fault} />}
        {data && !may && <p className="quiet">{t("tell.not_allowed")}</p>}
        {data && may && (offer === undefined || chosen === null) && (
          <Offers
            downlink={data}
            onChoose={(kind) => {
              setSent(null);
              setChosen(kind);
            }}
          />
        )}
        {data && may && offer !== undefined && chosen !== null && (
          <OrderForm
            key={chosen}
            modem={modem}
            downlink={data}
            offer={offer}
            kind={chosen}
            onSent={(mt) => {
              setSent(mt);
              setChosen(null);
            }}
            onCancel={() => setChosen(null)}
          />
        )}
        <p className="hidden" role="status">
          {sent ? t("tell.sent", { order: orderWords(sent.order) }) : ""}
        </p>
        <LastTold modem={modem} failing={error !== null} />
      </div>
    </Part>
  );
}
