// An order that is not for one known device: what it is and its number, as wide as any device heeds.
import { useSession } from "../api/session";
import { type Draft, draftOf, faultOf, mayTell, ORDER_KINDS, type OrderKind, orderOf, WIDEST } from "../domain/orders";
import { t } from "../text/text";
import { Choices } from "../ui/Choices";
import { OrderFields } from "./OrderFields";

interface Props {
  label: string;
  draft: Draft;
  /** Said once the person wanted to go on. */
  flaw: string | null;
  onDraft(draft: Draft): void;
}

export function OrderChoice({ label, draft, flaw, onDraft }: Props) {
  const { role } = useSession();
  const offered = ORDER_KINDS.filter((kind) => mayTell(kind, role) || kind === draft.kind);
  const order = orderOf(draft);
  const range = WIDEST[draft.kind] ?? null;
  const fault = (order && faultOf(order, range)) ?? flaw;
  return (
    <>
      <Choices<OrderKind>
        label={label}
        values={offered}
        chosen={draft.kind}
        words={(kind) => t(`tell.offer.${kind}`)}
        onChoose={(kind) => onDraft(draftOf(kind, true))}
      />
      <OrderFields modem={null} draft={draft} range={range} fault={fault} onDraft={onDraft} />
    </>
  );
}
