// A change that names its effect and asks for a reason; Escape leaves it, and an error stands where it was made.
import { Button, TextInput } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { type FormEvent, type ReactNode, useState } from "react";
import { t } from "../text/text";
import { ErrorNote } from "./ErrorNote";
import css from "./form.module.css";

interface Props<T> {
  effect: string;
  confirm: string;
  /** Whether all but the reason is filled in. */
  ready?: boolean;
  run(reason: string): Promise<T>;
  onDone(result: T): void;
  onCancel(): void;
  /** Fields before the reason. */
  children?: ReactNode;
}

/** Escape belongs to the form that it leaves, not to the list behind it. */
export function leaveByEscape(leave: () => void) {
  return (event: { key: string; preventDefault(): void }) => {
    if (event.key !== "Escape") return;
    event.preventDefault();
    leave();
  };
}

export function ReasonForm<T>({ effect, confirm, ready = true, run, onDone, onCancel, children }: Props<T>) {
  const [reason, setReason] = useState("");
  const order = useMutation({ mutationFn: run, onSuccess: onDone });
  const complete = ready && reason.trim() !== "";
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (complete && !order.isPending) order.mutate(reason.trim());
  };
  return (
    <form className={css.form} onSubmit={submit} onKeyDown={leaveByEscape(onCancel)}>
      <p className="quiet">{effect}</p>
      {children}
      <TextInput
        label={t("action.your_reason")}
        description={t("action.reason_kept")}
        required
        withAsterisk={false}
        autoFocus
        maxLength={500}
        value={reason}
        onChange={(e) => setReason(e.currentTarget.value)}
      />
      {order.error && <ErrorNote error={order.error} />}
      <div className={css.buttons}>
        <Button type="submit" loading={order.isPending} disabled={!complete}>
          {confirm}
        </Button>
        <Button variant="default" onClick={onCancel}>
          {t("action.cancel")}
        </Button>
      </div>
    </form>
  );
}
