// Which part of a device's page is shown: the track too, on a phone.

import type { Modem } from "../api/types";
import { t } from "../text/text";
import { useAddress } from "../ui/useAddress";
import { useNarrow } from "../ui/useNarrow";
import css from "./devicepage.module.css";
import { useNotes } from "./useNotes";

const PARTS = ["track", "now", "messages", "notes"] as const;
export type PagePart = (typeof PARTS)[number];

/** The part that the address names; where it names none, what a person looks for first. */
export function partIn(text: string | null, narrow: boolean): PagePart {
  const named = PARTS.find((part) => part === text);
  return narrow ? (named ?? "track") : named === undefined || named === "track" ? "now" : named;
}

export function Parts({ part, modem }: { part: PagePart; modem: Modem }) {
  const [, change] = useAddress();
  const narrow = useNarrow();
  const { notes } = useNotes(modem.id);
  const first = narrow ? "track" : "now";
  return (
    <div className={css.parts} role="group" aria-label={t("device.parts")}>
      {PARTS.filter((one) => narrow || one !== "track").map((one) => (
        <button
          key={one}
          type="button"
          aria-pressed={one === part}
          onClick={() => change({ show: one === first ? null : one }, true)}
        >
          {one === "notes" && notes.length > 0
            ? t("device.part.notes_count", { n: notes.length })
            : t(`device.part.${one}`)}
        </button>
      ))}
    </div>
  );
}
