// The views, as tabs: in the bar, or below on a phone.
import { IconActivity, IconAlertSquareRounded, IconMap2, IconMessage2, IconSend } from "@tabler/icons-react";
import { NavLink } from "react-router";
import { useLive } from "../live/store";
import { t } from "../text/text";
import css from "./frame.module.css";
import { StateMark } from "./StateMark";

const VIEWS = [
  { to: "/", text: "nav.fleet", Icon: IconMap2 },
  { to: "/messages", text: "nav.messages", Icon: IconMessage2 },
  { to: "/problems", text: "nav.problems", Icon: IconAlertSquareRounded },
  { to: "/outgoing", text: "nav.outgoing", Icon: IconSend },
  { to: "/system", text: "nav.system", Icon: IconActivity },
] as const;

export function Tabs({ place }: { place: "above" | "below" }) {
  const problems = useLive((live) => live.problems.size);
  const unknown = useLive((live) => live.unknown.size);
  const counts: Record<string, number> = { "/problems": problems, "/outgoing": unknown };
  return (
    <nav className={`${css.tabs} ${css[place]}`} aria-label={t("nav.views")}>
      {VIEWS.map(({ to, text, Icon }) => (
        <NavLink key={to} to={to} end className={css.tab}>
          <Icon size={20} stroke={1.6} aria-hidden="true" />
          {t(text)}
          {(counts[to] ?? 0) > 0 && (
            <span className={css.count}>
              {place === "above" && <StateMark state="problem" size={10} />}
              {counts[to]}
            </span>
          )}
        </NavLink>
      ))}
    </nav>
  );
}
