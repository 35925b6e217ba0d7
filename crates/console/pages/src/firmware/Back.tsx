// The way from one roll-out, or from the form for a new one, to all of them.
import { ActionIcon } from "@mantine/core";
import { IconArrowLeft } from "@tabler/icons-react";
import { t } from "../text/text";
import css from "./rollout.module.css";

export function Back({ onClose }: { onClose(): void }) {
  return (
    <ActionIcon
      variant="subtle"
      color="gray"
      size={36}
      className={css.back}
      onClick={onClose}
      aria-label={t("rollout.all")}
      title={t("rollout.all")}
    >
      <IconArrowLeft size={20} stroke={1.6} />
    </ActionIcon>
  );
}
