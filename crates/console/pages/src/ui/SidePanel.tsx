// The detail beside a list; on a phone it takes the whole page.
import { ActionIcon } from "@mantine/core";
import { IconArrowLeft, IconX } from "@tabler/icons-react";
import type { ReactNode } from "react";
import { t } from "../text/text";
import css from "./panel.module.css";
import { useNarrow } from "./useNarrow";

interface Props {
  label: string;
  title: ReactNode;
  aside?: ReactNode;
  onClose(): void;
  children: ReactNode;
}

export function SidePanel({ label, title, aside, onClose, children }: Props) {
  const narrow = useNarrow();
  const close = (
    <ActionIcon variant="subtle" color="gray" size={narrow ? 44 : 32} onClick={onClose} aria-label={t("action.close")}>
      {narrow ? <IconArrowLeft size={20} /> : <IconX size={18} />}
    </ActionIcon>
  );
  return (
    <aside className={css.panel} aria-label={label}>
      <header className={css.head}>
        {narrow && close}
        <div className={css.title}>{title}</div>
        {aside}
        {!narrow && close}
      </header>
      <div className={css.body}>{children}</div>
    </aside>
  );
}
