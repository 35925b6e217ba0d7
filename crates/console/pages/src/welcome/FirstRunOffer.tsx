// Offers the first run above the fleet, until a provider's push was understood or somebody put it away.
import { useQuery } from "@tanstack/react-query";
import { Link } from "react-router";
import { firstRun } from "../api/calls";
import { useSession } from "../api/session";
import { t } from "../text/text";
import css from "../ui/frame.module.css";

export const FIRST_RUN_KEY = ["first-run"];
const EVERY_MS = 15_000;

export function FirstRunOffer() {
  const { role } = useSession();
  const { data } = useQuery({
    queryKey: FIRST_RUN_KEY,
    queryFn: firstRun,
    refetchInterval: (query) => (query.state.data?.done === false ? EVERY_MS : false),
  });
  if (data?.done !== false) return null;
  return (
    <div className={css.offer}>
      <span>{t(role === "viewer" ? "welcome.offer_viewer" : "welcome.offer")}</span>
      <Link className="link" to="/welcome">
        {t("welcome.offer_open")}
      </Link>
    </div>
  );
}
