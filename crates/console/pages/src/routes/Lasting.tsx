// How long something has been as it is; the exact moment on hover.
import { exact, span } from "../domain/time";
import { useNow } from "../live/store";
import { t } from "../text/text";
import { usePreferences } from "../ui/preferences";

export function Lasting({ since }: { since: string }) {
  const now = useNow();
  const { zone } = usePreferences();
  return (
    <time dateTime={since} title={exact(since, zone)}>
      {t("endpoint.for", { span: span((now - Date.parse(since)) / 1000) })}
    </time>
  );
}
