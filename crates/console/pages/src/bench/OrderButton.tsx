// A button that tells the device something, with what became of it beside it; where the device may be lost, in two steps.
import { Button } from "@mantine/core";
import { type ReactNode, useState } from "react";
import type { Order } from "../domain/bench";
import { t } from "../text/text";
import { Ago } from "../ui/Ago";
import { Confirm } from "../ui/Confirm";
import { Sentence } from "../ui/Sentence";
import { StateMark } from "../ui/StateMark";
import css from "./bench.module.css";
import { useOrder } from "./useLine";

interface AnswerProps {
  button: string;
  /** Says too that it was handed over, where the device itself says nothing. */
  tells?: boolean;
}

/** Why an order was refused, and where the device does not answer, that it has it. */
export function OrderAnswer({ button, tells }: AnswerProps) {
  const { answer } = useOrder(button);
  if (answer?.state === "refused") {
    return (
      <p className={`${css.answer} ${css.refusal}`} role="alert">
        <StateMark state="silent" size={10} />
        <span>
          <Sentence text={answer.why} />
        </span>
      </p>
    );
  }
  if (!tells || answer?.state !== "said") return null;
  return (
    <p className="quiet" role="status">
      {t("bench.handed")} · <Ago past at={new Date(answer.at).toISOString()} />
    </p>
  );
}

interface Props {
  /** The name under which its answer is known. */
  button: string;
  order(): Order;
  label: string;
  /** What it is called where its label alone says too little. */
  full?: string;
  filled?: boolean;
  ready?: boolean;
  tells?: boolean;
  /** Where its answer stands elsewhere. */
  mute?: boolean;
  children?: ReactNode;
  onGiven?(): void;
}

export function OrderButton({
  button,
  order,
  label,
  full,
  filled,
  ready = true,
  tells,
  mute,
  children,
  onGiven,
}: Props) {
  const { may, answer, give } = useOrder(button);
  return (
    <div className={css.order}>
      <Button
        variant={filled ? "filled" : "default"}
        aria-label={full}
        disabled={!may || !ready}
        loading={answer?.state === "sending"}
        onClick={() => {
          give(order());
          onGiven?.();
        }}
      >
        {label}
      </Button>
      {children}
      {!mute && <OrderAnswer button={button} tells={tells} />}
    </div>
  );
}

interface DangerProps extends Omit<Props, "full" | "mute"> {
  effect: ReactNode;
  confirm: string;
}

/** The first press says what would happen; the second tells the device. */
export function DangerButton({
  button,
  order,
  label,
  ready = true,
  effect,
  confirm,
  children,
  tells,
  onGiven,
}: DangerProps) {
  const { may, give } = useOrder(button);
  const [asked, setAsked] = useState(false);
  if (asked) {
    return (
      <div className={css.order}>
        <div className={css.effect}>{effect}</div>
        <Confirm
          effect=""
          confirm={confirm}
          run={async () => give(order())}
          onDone={() => {
            setAsked(false);
            onGiven?.();
          }}
          onCancel={() => setAsked(false)}
        />
      </div>
    );
  }
  return (
    <div className={css.order}>
      <Button variant="default" disabled={!may || !ready} onClick={() => setAsked(true)}>
        {label}
      </Button>
      {children}
      <OrderAnswer button={button} tells={tells} />
    </div>
  );
}
