// Tells a device one thing: what it does, what it costs, when it is heard and what will prove it, before it is sent.
import { Button, NativeSelect, TextInput } from "@mantine/core";
import { IconChevronDown } from "@tabler/icons-react";
import { useMutation } from "@tanstack/react-query";
import { type FormEvent, useEffect, useRef, useState } from "react";
import * as calls from "../api/calls";
import { ApiError } from "../api/client";
import type { Downlink, Modem, Mt, Offer } from "../api/types";
import {
  creditsFor,
  type Draft,
  draftOf,
  effectOf,
  exactSpan,
  faultOf,
  needsSecondStep,
  type OrderKind,
  orderOf,
} from "../domain/orders";
import { wakeSentence } from "../domain/outgoing";
import { requestKey } from "../domain/requestKey";
import { hear, useNow } from "../live/store";
import { t } from "../text/text";
import { ErrorNote } from "../ui/ErrorNote";
import { Fact, Facts } from "../ui/Facts";
import form from "../ui/form.module.css";
import { usePreferences } from "../ui/preferences";
import { leaveByEscape } from "../ui/ReasonForm";
import { OrderFields } from "./OrderFields";
import css from "./tell.module.css";

interface Props {
  modem: Modem;
  downlink: Downlink;
  offer: Offer;
  kind: OrderKind;
  onSent(mt: Mt): void;
  onCancel(): void;
}

/** Seconds within which it must leave; nothing is the server's usual time. */
const WITHIN = [3600, 6 * 3600, 24 * 3600, 5 * 24 * 3600];

interface Filled {
  draft: Draft;
  within: string;
  reason: string;
  /** Another content is another request. */
  key: string;
}

export function OrderForm({ modem, downlink, offer, kind, onSent, onCancel }: Props) {
  const now = useNow();
  const { zone } = usePreferences();
  const [filled, setFilled] = useState<Filled>(() => ({
    draft: draftOf(kind, modem.beacon_on !== true),
    within: "",
    reason: "",
    key: requestKey(),
  }));
  const [looking, setLooking] = useState(false);
  const fill = (change: Partial<Omit<Filled, "key">>) => {
    setFilled((old) => ({ ...old, ...change, key: requestKey() }));
    setLooking(false);
    tell.reset();
  };
  const { draft, within, reason, key } = filled;
  const order = orderOf(draft);
  const fault = order && faultOf(order, offer.range);
  const tell = useMutation({
    mutationFn: (telling: calls.Telling) => calls.tell(telling, key),
    onSuccess: (mt) => {
      hear({ type: "outgoing", mt });
      onSent(mt);
    },
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (order === null || fault !== null || tell.isPending) return;
    if (needsSecondStep(order) && !looking) return setLooking(true);
    tell.mutate({
      modem_id: modem.id,
      order,
      ...(within === "" ? {} : { expires_in_s: Number(within) }),
      ...(reason.trim() === "" ? {} : { reason: reason.trim() }),
    });
  };
  const cost = order && t("credits", { n: creditsFor(order) });
  const unheard = tell.error instanceof ApiError && (tell.error.status === 0 || tell.error.status >= 500);
  const place = useRef<HTMLFormElement>(null);
  useEffect(() => {
    // Where nothing in it takes the focus, the form does: Escape leaves it.
    const form = place.current;
    if (looking) form?.querySelector<HTMLElement>("[data-back]")?.focus();
    else if (!form?.contains(document.activeElement)) form?.focus();
  }, [looking]);
  const back = () => setLooking(false);
  return (
    <form
      ref={place}
      tabIndex={-1}
      className={`${form.form} ${css.order}`}
      onSubmit={submit}
      onKeyDown={leaveByEscape(looking ? back : onCancel)}
    >
      <b>{t(`tell.offer.${kind}`)}</b>
      {!looking && (
        <>
          <OrderFields
            modem={modem}
            draft={draft}
            range={offer.range}
            fault={fault}
            onDraft={(next) => fill({ draft: next })}
          />
          {order && !fault && <p>{effectOf(order)}</p>}
          <p>{wakeSentence(downlink, modem.interval_s, now, zone)}</p>
          <Facts>
            <Fact name={t("tell.cost")} why="–">
              {cost && t("tell.cost_value", { credits: cost, account: downlink.account })}
            </Fact>
            <Fact name={t("tell.proof")}>{t(`proof.${offer.proof}`)}</Fact>
          </Facts>
          <div className={form.pair}>
            <NativeSelect
              label={t("tell.within")}
              rightSection={<IconChevronDown size={16} stroke={1.6} aria-hidden="true" />}
              value={within}
              onChange={(e) => fill({ within: e.currentTarget.value })}
              data={[
                { value: "", label: t("tell.within_usual") },
                ...WITHIN.map((seconds) => ({ value: String(seconds), label: exactSpan(seconds) })),
              ]}
            />
            <TextInput
              label={t("tell.reason")}
              maxLength={500}
              value={reason}
              onChange={(e) => fill({ reason: e.currentTarget.value })}
            />
          </div>
        </>
      )}
      {looking && order && cost && (
        <div className={css.sure} role="alert">
          {order.type === "text" && <p className="mono">{order.text}</p>}
          <p>
            {t("tell.sure", {
              effect: effectOf(order),
              cost: t("tell.cost_value", { credits: cost, account: downlink.account }),
            })}
          </p>
          {offer.proof === "none" && <p>{t("tell.sure_unproven")}</p>}
        </div>
      )}
      {tell.error && <ErrorNote error={tell.error} />}
      {unheard && <p className="quiet">{t("tell.again_safe")}</p>}
      {looking ? (
        // Another press in the same place goes back: sending is deliberate.
        <div key="sure" className={form.buttons}>
          <Button variant="default" data-back onClick={back}>
            {t("tell.back")}
          </Button>
          <Button type="submit" loading={tell.isPending}>
            {t("tell.confirm")}
          </Button>
        </div>
      ) : (
        <div key="send" className={form.buttons}>
          <Button type="submit" loading={tell.isPending} disabled={order === null || fault !== null}>
            {t(order && needsSecondStep(order) ? "tell.look" : "tell.send")}
          </Button>
          <Button variant="default" onClick={onCancel}>
            {t("action.cancel")}
          </Button>
        </div>
      )}
    </form>
  );
}
