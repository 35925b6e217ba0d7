// How well a place is known: a point for a GPS fix, a circle for an estimate of the network.
import { t } from "../text/text";

export function PositionMark({ kind }: { kind: "gps" | "satellite" | null }) {
  const text = t(`position.${kind ?? "none"}`);
  if (kind === null) {
    return (
      <span title={text}>
        –<span className="hidden">{text}</span>
      </span>
    );
  }
  return (
    <svg width="16" height="16" viewBox="0 0 16 16" role="img" aria-label={text} style={{ display: "block" }}>
      <title>{text}</title>
      {kind === "gps" ? (
        <circle cx="8" cy="8" r="2.6" fill="var(--ink-2)" />
      ) : (
        <>
          <circle cx="8" cy="8" r="6" fill="none" stroke="var(--ink-2)" strokeWidth="1.3" strokeDasharray="2.4 1.8" />
          <circle cx="8" cy="8" r="1.1" fill="var(--ink-2)" />
        </>
      )}
    </svg>
  );
}
