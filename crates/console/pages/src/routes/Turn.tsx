// Whether something is on, as a switch for the mouse and the finger; the keyboard has the same in the panel.
import { t } from "../text/text";
import css from "./routes.module.css";

interface Props {
  on: boolean;
  /** Absent where the person may not. */
  onTurn?(on: boolean): void;
}

export function Turn({ on, onTurn }: Props) {
  const turn = (event: { stopPropagation(): void }) => {
    if (!onTurn) return;
    event.stopPropagation();
    onTurn(!on);
  };
  return (
    <>
      <span
        className={css.turn}
        data-on={on}
        data-fixed={onTurn === undefined}
        aria-hidden="true"
        title={t(onTurn ? (on ? "route.turn_off" : "route.turn_on") : on ? "route.on" : "route.off")}
        onClick={turn}
      >
        <i />
      </span>
      <span className="hidden">{t(on ? "route.on" : "route.off")}</span>
    </>
  );
}
