// A moment: relative in the text, exact with its zone on hover.
import { exact, relative } from "../domain/time";
import { useNow } from "../live/store";
import { usePreferences } from "./preferences";

export function Ago({ at }: { at: string }) {
  const now = useNow();
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
      <Ago at={at} /> <span className="quiet">· {exact(at, zone)}</span>
    </span>
  );
}
