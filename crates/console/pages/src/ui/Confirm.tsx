// The second step of a dangerous action: its effect in words, then yes or back; an error stands where it was made.
import { Button } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { t } from "../text/text";
import { ErrorNote } from "./ErrorNote";
import css from "./form.module.css";
import { leaveByEscape } from "./ReasonForm";

interface Props<T> {
  /** Empty where it stands above already. */
  effect: string;
  confirm: string;
  run(): Promise<T>;
  /** The button stays busy until this is done. */
  onDone(result: T): void | Promise<void>;
  onCancel(): void;
}

export function Confirm<T>({ effect, confirm, run, onDone, onCancel }: Props<T>) {
  const order = useMutation({ mutationFn: run, onSuccess: onDone });
  return (
    <div className={css.form} role="group" aria-label={confirm} onKeyDown={leaveByEscape(onCancel)}>
      {effect !== "" && <p className="quiet">{effect}</p>}
      {order.error && <ErrorNote error={order.error} />}
      <div className={css.buttons}>
        <Button loading={order.isPending} onClick={() => order.mutate()}>
          {confirm}
        </Button>
        <Button variant="default" onClick={onCancel} autoFocus>
          {t("action.cancel")}
        </Button>
      </div>
    </div>
  );
}
