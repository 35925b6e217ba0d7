// Holds the map: beside the list, or as a sheet over it on a phone.
import { ActionIcon } from "@mantine/core";
import { IconX } from "@tabler/icons-react";
import type { ReactNode } from "react";
import { t } from "../text/text";
import css from "./fleet.module.css";

export function MapFrame({ onClose, children }: { onClose?: () => void; children: ReactNode }) {
  return (
    <section className={css.map} aria-label={t("map.title")}>
      {onClose && (
        <ActionIcon
          className={css.sheetClose}
          variant="default"
          size={44}
          onClick={onClose}
          aria-label={t("map.close")}
        >
          <IconX size={20} />
        </ActionIcon>
      )}
      {children}
    </section>
  );
}
