// Fields of a password: the rule is said before, the strength while one types, and password managers find their way.
import { PasswordInput } from "@mantine/core";
import type { ComponentProps } from "react";
import { keepsRule, PASSWORD_LEAST, strength } from "../domain/password";
import { t } from "../text/text";
import { type Mark, StateMark } from "../ui/StateMark";
import css from "./me.module.css";

export function PasswordField(props: ComponentProps<typeof PasswordInput>) {
  return (
    <PasswordInput
      spellCheck={false}
      autoCapitalize="none"
      visibilityToggleFocusable
      visibilityToggleButtonProps={{ "aria-label": t("password.show") }}
      {...props}
    />
  );
}

const MARKS: Record<string, Mark> = { strong: "ok", fair: "ok", guessable: "late", short: "never" };

interface Props {
  /** Whose password it will be. */
  name: string;
  value: string;
  onChange(value: string): void;
  autoFocus?: boolean;
  size?: "sm" | "md";
}

export function NewPassword({ name, value, onChange, autoFocus, size }: Props) {
  const is = strength(value, name);
  return (
    <div className={css.new}>
      <PasswordField
        size={size}
        label={t("password.new")}
        description={t("password.rule")}
        autoComplete="new-password"
        autoFocus={autoFocus}
        value={value}
        onChange={(e) => onChange(e.currentTarget.value)}
      />
      <p className={css.strength} role="status">
        {is !== "empty" && (
          <>
            <StateMark state={MARKS[is] ?? "silent"} size={10} />
            {is === "short"
              ? t("password.is.short", { n: PASSWORD_LEAST - Array.from(value).length })
              : t(`password.is.${is}`)}
          </>
        )}
      </p>
    </div>
  );
}

/** Tells a password manager whose password it is. */
export function UserName({ name }: { name: string }) {
  return (
    <input className="hidden" name="username" autoComplete="username" value={name} readOnly tabIndex={-1} aria-hidden />
  );
}

/** Whether a new password can be sent. */
export function isReady(password: string, name: string): boolean {
  return keepsRule(strength(password, name));
}
