// Whether a device is on the line.
import { t } from "../text/text";
import { Ago } from "../ui/Ago";
import { StateMark } from "../ui/StateMark";
import type { Presence } from "./apiTypes";

/** A device that sleeps is not on the line, and nothing is wrong with it: only being there has a colour. */
export function LineMark({ presence, size = 10 }: { presence: Presence | null; size?: number }) {
  return <StateMark state={presence?.connected ? "ok" : presence === null ? "never" : "all"} size={size} />;
}

export function Line({ presence }: { presence: Presence | null }) {
  return (
    <>
      <LineMark presence={presence} />
      {presence === null ? (
        <span className="quiet">{t("registry.never_on_line")}</span>
      ) : presence.connected ? (
        <span title={t("registry.on_line")}>{t("registry.on_line")}</span>
      ) : (
        <span className="quiet">
          <Ago at={presence.since} />
        </span>
      )}
    </>
  );
}
