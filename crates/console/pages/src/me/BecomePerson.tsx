// Makes a person of the printed link's session: a name and a password instead of nobody.
import { Button, TextInput } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { becomePerson } from "../api/calls";
import { SESSION_KEY } from "../api/session";
import { nameFault } from "../domain/people";
import { t } from "../text/text";
import { ErrorNote } from "../ui/ErrorNote";
import form from "../ui/form.module.css";
import { isReady, NewPassword } from "./PasswordFields";

export function BecomePerson({ onDone }: { onDone?(name: string): void }) {
  const client = useQueryClient();
  const [name, setName] = useState("");
  const [password, setPassword] = useState("");
  const becoming = useMutation({
    mutationFn: () => becomePerson(name.trim(), password),
    onSuccess: (session) => {
      client.setQueryData(SESSION_KEY, session);
      onDone?.(session.name);
    },
  });
  const fault = nameFault(name);
  const ready = name.trim() !== "" && fault === null && isReady(password, name);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (ready && !becoming.isPending) becoming.mutate();
  };
  return (
    <form className={form.form} onSubmit={submit}>
      <TextInput
        label={t("signin.name")}
        autoComplete="username"
        autoCapitalize="none"
        spellCheck={false}
        error={fault && t(`people.name_${fault}`)}
        value={name}
        onChange={(e) => setName(e.currentTarget.value)}
      />
      <NewPassword name={name} value={password} onChange={setPassword} />
      {becoming.error && <ErrorNote error={becoming.error} />}
      <div className={form.buttons}>
        <Button type="submit" loading={becoming.isPending} disabled={!ready}>
          {t("welcome.person_make")}
        </Button>
      </div>
    </form>
  );
}
