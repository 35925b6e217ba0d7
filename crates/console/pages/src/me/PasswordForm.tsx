// Sets a password, or changes it where the present one is told.
import { Button } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { setPassword } from "../api/calls";
import { SESSION_KEY, useSession } from "../api/session";
import type { Session } from "../api/types";
import { t } from "../text/text";
import { ErrorNote } from "../ui/ErrorNote";
import form from "../ui/form.module.css";
import { leaveByEscape } from "../ui/ReasonForm";
import { isReady, NewPassword, PasswordField, UserName } from "./PasswordFields";

interface Props {
  size?: "sm" | "md";
  leave: string;
  onDone(): void;
  onLeave(): void;
}

export function PasswordForm({ size, leave, onDone, onLeave }: Props) {
  const { name, needs_old_password: needsOld } = useSession();
  const client = useQueryClient();
  const [old, setOld] = useState("");
  const [fresh, setFresh] = useState("");
  const setting = useMutation({
    mutationFn: () => setPassword(needsOld ? old : null, fresh),
    onSuccess: () => {
      client.setQueryData<Session>(SESSION_KEY, (known) => known && { ...known, has_password: true });
      void client.invalidateQueries({ queryKey: SESSION_KEY });
      onDone();
    },
  });
  const ready = isReady(fresh, name) && (!needsOld || old !== "");
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (ready && !setting.isPending) setting.mutate();
  };
  return (
    <form className={form.form} onSubmit={submit} onKeyDown={leaveByEscape(onLeave)}>
      <UserName name={name} />
      {needsOld && (
        <PasswordField
          size={size}
          label={t("password.old")}
          autoComplete="current-password"
          autoFocus
          value={old}
          onChange={(e) => setOld(e.currentTarget.value)}
        />
      )}
      <NewPassword size={size} name={name} value={fresh} onChange={setFresh} autoFocus={!needsOld} />
      {setting.error && <ErrorNote error={setting.error} />}
      <div className={form.buttons}>
        <Button size={size} type="submit" loading={setting.isPending} disabled={!ready}>
          {t("password.set")}
        </Button>
        <Button size={size} variant="default" onClick={onLeave}>
          {leave}
        </Button>
      </div>
    </form>
  );
}
