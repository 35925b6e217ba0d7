// What opens the person's menu.
import { ActionIcon, type ActionIconProps } from "@mantine/core";
import { IconUser } from "@tabler/icons-react";
import type { ComponentProps } from "react";
import { t } from "../text/text";

export function PersonButton(props: ActionIconProps & ComponentProps<"button">) {
  return (
    <ActionIcon variant="subtle" color="gray" size={44} aria-label={t("menu.open")} title={t("menu.open")} {...props}>
      <IconUser size={20} stroke={1.6} />
    </ActionIcon>
  );
}
