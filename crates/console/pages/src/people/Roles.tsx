// Chooses a role, and says what it may do.
import type { Role } from "../api/types";
import { t } from "../text/text";
import { Choices } from "../ui/Choices";
import css from "./people.module.css";

export const ROLES: readonly Role[] = ["viewer", "operator", "admin"];

interface Props {
  chosen: Role;
  /** Whether a heading above says already what is chosen. */
  headed?: boolean;
  onChoose(role: Role): void;
}

export function Roles({ chosen, headed, onChoose }: Props) {
  return (
    <div className={css.field}>
      {!headed && <span className={css.label}>{t("people.role")}</span>}
      <Choices
        label={t("people.role")}
        values={ROLES}
        chosen={chosen}
        words={(role) => t(`role.${role}`)}
        onChoose={onChoose}
      />
      <p className="quiet">{t(`people.may.${chosen}`)}</p>
    </div>
  );
}
