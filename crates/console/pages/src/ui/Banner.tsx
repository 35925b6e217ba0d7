// Says at once that the line is lost, and as of when the picture is.
import { IconPlugConnectedX } from "@tabler/icons-react";
import { exact } from "../domain/time";
import { useLive, useNow } from "../live/store";
import { t } from "../text/text";
import css from "./frame.module.css";
import { usePreferences } from "./preferences";

export function Banner() {
  const lost = useLive((live) => live.line === "lost");
  const known = useLive((live) => live.clock !== null);
  const now = useNow();
  const { zone } = usePreferences();
  return (
    <div role="status" aria-live="assertive">
      {lost && (
        <div className={css.banner}>
          <IconPlugConnectedX size={18} stroke={1.7} aria-hidden="true" />
          <span>{known ? t("line.lost_banner", { at: exact(now, zone) }) : t("line.lost_banner_never")}</span>
        </div>
      )}
    </div>
  );
}
