// A moment: relative in the text, exact with its zone on hover.
import { exact, relative } from "../domain/time";
import { useNow } from "../live/store";
import css from "./facts.module.css";
import { usePreferences } from "./preferences";

interface Props {
  at: string;
  /** It has happened, also where the clock here is a little behind. */
  past?: boolean;
}

export function Ago({ at, past }: Props) {
  const clock = useNow();
  const now = past ? Math.max(clock, Date.parse(at)) : clock;
  const { zone } = usePreferences();
  return (
    <time dateTime={at} title={exact(at, zone)}>
      {relative(at, now)}
    </time>
  );
}

/** The same with the exact moment beside it, for details. */
export function AgoExact({ at }: { at: string }) {
  const { zone } = usePreferences();
  return (
    <span>
      <Ago at={at} /> <span className={`quiet ${css.whole}`}>{exact(at, zone)}</span>
    </span>
  );
}
