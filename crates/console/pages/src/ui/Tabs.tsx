// The views, as tabs: in the bar, or below on a phone.
import {
  type Icon,
  IconActivity,
  IconAlertSquareRounded,
  IconArrowsSplit2,
  IconCpu,
  IconMap2,
  IconMessage2,
  IconRouter,
  IconSend,
  IconUsers,
} from "@tabler/icons-react";
import { Link, useLocation } from "react-router";
import { useSession } from "../api/session";
import { useLive } from "../live/store";
import { t } from "../text/text";
import css from "./frame.module.css";
import { StateMark } from "./StateMark";
import { VIEWS, viewOf } from "./views";

const ICONS: Record<string, Icon> = {
  "/": IconMap2,
  "/messages": IconMessage2,
  "/problems": IconAlertSquareRounded,
  "/outgoing": IconSend,
  "/routes": IconArrowsSplit2,
  "/devices": IconRouter,
  "/firmware": IconCpu,
  "/system": IconActivity,
  "/people": IconUsers,
};

export function Tabs({ place }: { place: "above" | "below" }) {
  const { role } = useSession();
  const { pathname } = useLocation();
  const here = viewOf(pathname);
  const problems = useLive((live) => live.problems.size);
  const unknown = useLive((live) => live.unknown.size);
  const counts: Record<string, number> = { "/problems": problems, "/outgoing": unknown };
  const shown = VIEWS.filter(
    ({ key, phone, admin }) => key !== null && (!admin || role === "admin") && (place === "above" || phone === "tab"),
  );
  return (
    <nav className={`${css.tabs} ${css[place]}`} aria-label={t("nav.views")}>
      {shown.map(({ to, text }) => {
        const Sign = ICONS[to];
        return (
          <Link
            key={to}
            to={to}
            className={css.tab}
            aria-current={to !== here ? undefined : to === pathname ? "page" : true}
          >
            {Sign && <Sign size={20} stroke={1.6} aria-hidden="true" />}
            {t(text)}
            {(counts[to] ?? 0) > 0 && (
              <span className={css.count}>
                {place === "above" && <StateMark state="problem" size={10} />}
                {counts[to]}
              </span>
            )}
          </Link>
        );
      })}
    </nav>
  );
}
