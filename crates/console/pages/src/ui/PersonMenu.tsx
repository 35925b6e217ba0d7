// The person's menu: who is signed in, the look for day and night, and the way out.
import { Menu } from "@mantine/core";
import {
  IconAdjustmentsHorizontal,
  IconArrowsSplit2,
  IconCpu,
  IconFlag,
  IconLogout,
  IconUsers,
} from "@tabler/icons-react";
import type { ReactNode } from "react";
import { Link } from "react-router";
import { useSession, useSignOut } from "../api/session";
import { useChoices } from "../me/useChoices";
import { t, tWord } from "../text/text";
import css from "./frame.module.css";
import { PersonButton } from "./PersonButton";
import { LOOKS, type Preferences } from "./preferences";
import { useNarrow } from "./useNarrow";
import { VIEWS } from "./views";

const SIGNS: Record<string, ReactNode> = {
  "/routes": <IconArrowsSplit2 size={16} />,
  "/firmware": <IconCpu size={16} />,
  "/people": <IconUsers size={16} />,
};

export default function PersonMenu() {
  const session = useSession();
  const signOut = useSignOut();
  const narrow = useNarrow();
  const { chosen, choose, error } = useChoices();
  return (
    <Menu
      position="bottom-end"
      width={248}
      transitionProps={{ duration: 80 }}
      withInitialFocusPlaceholder={false}
      classNames={{ dropdown: css.menu }}
    >
      <Menu.Target>
        <PersonButton />
      </Menu.Target>
      <Menu.Dropdown mah="80dvh" style={{ overflowY: "auto" }}>
        <div className={css.person}>
          <b>{session.name}</b>
          <span>{tWord("role", session.role)}</span>
        </div>
        <Menu.Item component={Link} to="/me" leftSection={<IconAdjustmentsHorizontal size={16} />}>
          {t("nav.me")}
        </Menu.Item>
        {narrow &&
          VIEWS.filter(({ key, phone, admin }) => {
            return key !== null && phone === "menu" && (!admin || session.role === "admin");
          }).map(({ to, text }) => (
            <Menu.Item key={to} component={Link} to={to} leftSection={SIGNS[to]}>
              {t(text)}
            </Menu.Item>
          ))}
        <Menu.Item component={Link} to="/welcome" leftSection={<IconFlag size={16} />}>
          {t("nav.welcome")}
        </Menu.Item>
        <Menu.Divider />
        <Menu.Label>{t("menu.look")}</Menu.Label>
        <Menu.RadioGroup value={chosen.look} onChange={(look) => choose({ look: look as Preferences["look"] })}>
          {LOOKS.map((look) => (
            <Menu.RadioItem key={look} value={look} closeMenuOnClick={false}>
              {t(`look.${look}`)}
            </Menu.RadioItem>
          ))}
        </Menu.RadioGroup>
        {error !== null && <Menu.Label>{t("me.not_kept")}</Menu.Label>}
        <Menu.Divider />
        <Menu.Item leftSection={<IconLogout size={16} />} onClick={signOut}>
          {t("menu.sign_out")}
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}
