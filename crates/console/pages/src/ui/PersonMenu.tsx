// The person's menu: choices of look, zone and units, and the way out.
import { ActionIcon, Menu, useMantineColorScheme } from "@mantine/core";
import { IconCheck, IconLogout, IconSettings } from "@tabler/icons-react";
import { useQueryClient } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { signOut } from "../api/calls";
import { SESSION_KEY, useSession } from "../api/session";
import { t, tWord } from "../text/text";
import { setPreferences, usePreferences } from "./preferences";

function Choice({ on, onClick, children }: { on: boolean; onClick(): void; children: ReactNode }) {
  return (
    <Menu.Item
      role="menuitemradio"
      aria-checked={on}
      closeMenuOnClick={false}
      onClick={onClick}
      rightSection={on ? <IconCheck size={16} /> : <span style={{ width: 16 }} />}
    >
      {children}
    </Menu.Item>
  );
}

export function PersonMenu() {
  const session = useSession();
  const client = useQueryClient();
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  const chosen = usePreferences();
  const leave = async () => {
    await signOut().catch(() => undefined);
    await client.resetQueries({ queryKey: SESSION_KEY });
  };
  return (
    <Menu position="bottom-end" width={230} shadow="none" transitionProps={{ duration: 80 }}>
      <Menu.Target>
        <ActionIcon variant="subtle" color="gray" size={44} aria-label={t("menu.open")} title={t("menu.open")}>
          <IconSettings size={20} stroke={1.6} />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown mah="80dvh" style={{ overflowY: "auto" }}>
        <Menu.Label>{t("menu.look")}</Menu.Label>
        {(["auto", "light", "dark"] as const).map((scheme) => (
          <Choice key={scheme} on={colorScheme === scheme} onClick={() => setColorScheme(scheme)}>
            {t(`menu.look_${scheme}`)}
          </Choice>
        ))}
        <Menu.Divider />
        <Menu.Label>{t("menu.zone")}</Menu.Label>
        {(["utc", "local"] as const).map((zone) => (
          <Choice key={zone} on={chosen.zone === zone} onClick={() => setPreferences({ zone })}>
            {t(`menu.zone_${zone}`)}
          </Choice>
        ))}
        <Menu.Divider />
        <Menu.Label>{t("menu.coordinates")}</Menu.Label>
        {(["decimal", "minutes"] as const).map((coordinates) => (
          <Choice
            key={coordinates}
            on={chosen.coordinates === coordinates}
            onClick={() => setPreferences({ coordinates })}
          >
            {t(`menu.coordinates_${coordinates}`)}
          </Choice>
        ))}
        <Menu.Divider />
        <Menu.Label>{t("menu.speed")}</Menu.Label>
        {(["kn", "km/h", "m/s"] as const).map((speed) => (
          <Choice key={speed} on={chosen.speed === speed} onClick={() => setPreferences({ speed })}>
            {t(`unit.${speed}`)}
          </Choice>
        ))}
        <Menu.Divider />
        <Menu.Label>{t("menu.signed_in", { name: session.name, role: tWord("role", session.role) })}</Menu.Label>
        <Menu.Item leftSection={<IconLogout size={16} />} onClick={leave}>
          {t("menu.sign_out")}
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}
