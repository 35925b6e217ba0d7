// Makes a token for a program: what it may, and until when; then the secret, once, with a request that works.
import { Button, TextInput } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { type NewToken, type Role, SCOPES, type Scope } from "../api/types";
import { curl, nameFault, TOKEN_DAYS } from "../domain/people";
import { t } from "../text/text";
import { Choices } from "../ui/Choices";
import { Copyable } from "../ui/Copyable";
import { ErrorNote } from "../ui/ErrorNote";
import { Part } from "../ui/Facts";
import form from "../ui/form.module.css";
import { Once } from "../ui/Once";
import { leaveByEscape } from "../ui/ReasonForm";
import { SidePanel } from "../ui/SidePanel";
import * as calls from "./calls";
import css from "./people.module.css";
import { Roles } from "./Roles";
import { TOKENS_KEY } from "./Tokens";

function Made({ made, onAnother }: { made: NewToken; onAnother(): void }) {
  return (
    <>
      <Part title={t("token.secret_title", { name: made.token.name })}>
        <Once note={t("token.secret_once")} secret={made.secret} action={t("token.secret_copy")} />
      </Part>
      <Part title={t("token.example")}>
        <div className={form.form}>
          <p className={css.example}>
            <Copyable mono text={curl(window.location.origin, made.token.scopes, made.secret)} />
          </p>
          <div className={form.buttons}>
            <Button variant="default" onClick={onAnother}>
              {t("token.make_another")}
            </Button>
          </div>
        </div>
      </Part>
    </>
  );
}

function Scopes({ chosen, onChange }: { chosen: Scope[]; onChange(scopes: Scope[]): void }) {
  const turn = (scope: Scope) => onChange(SCOPES.filter((one) => chosen.includes(one) !== (one === scope)));
  return (
    <fieldset className={css.scopes}>
      <legend className={css.label}>{t("token.scopes")}</legend>
      {SCOPES.map((scope) => (
        <label key={scope}>
          <input type="checkbox" checked={chosen.includes(scope)} onChange={() => turn(scope)} />
          <span>
            {t(`token.scope.${scope}`)} <span className="quiet">{t(`token.scope_is.${scope}`)}</span>
          </span>
        </label>
      ))}
      {chosen.length === 0 && <p className="quiet">{t("token.scope_none")}</p>}
    </fieldset>
  );
}

export function NewTokenPanel({ onClose }: { onClose(): void }) {
  const client = useQueryClient();
  const [name, setName] = useState("");
  const [role, setRole] = useState<Role>("viewer");
  const [scopes, setScopes] = useState<Scope[]>([]);
  const [days, setDays] = useState<number | null>(365);
  const making = useMutation({
    mutationFn: () => calls.makeToken({ name: name.trim(), role, scopes, expires_in_days: days }),
    onSuccess: () => client.invalidateQueries({ queryKey: TOKENS_KEY }),
  });
  const fault = nameFault(name);
  const ready = name.trim() !== "" && fault === null;
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (ready && !making.isPending) making.mutate();
  };
  const again = () => {
    making.reset();
    setName("");
  };
  return (
    <SidePanel label={t("token.create")} title={t("token.create")} onClose={onClose}>
      {making.data ? (
        <Made made={making.data} onAnother={again} />
      ) : (
        <Part title={t("token.about")}>
          <form className={form.form} onSubmit={submit} onKeyDown={leaveByEscape(onClose)}>
            <TextInput
              label={t("token.name")}
              description={t("token.create_how")}
              autoComplete="off"
              spellCheck={false}
              autoFocus
              error={fault && t(`people.name_${fault}`)}
              value={name}
              onChange={(e) => setName(e.currentTarget.value)}
            />
            <Roles chosen={role} onChoose={setRole} />
            <Scopes chosen={scopes} onChange={setScopes} />
            <div className={css.field}>
              <span className={css.label}>{t("token.for")}</span>
              <Choices
                label={t("token.for")}
                values={TOKEN_DAYS.map(String)}
                chosen={String(days)}
                words={(value) => t(`token.days.${value as "30" | "90" | "365" | "null"}`)}
                onChoose={(value) => setDays(TOKEN_DAYS.find((one) => String(one) === value) ?? null)}
              />
            </div>
            {making.error && <ErrorNote error={making.error} />}
            <div className={form.buttons}>
              <Button type="submit" loading={making.isPending} disabled={!ready}>
                {t("token.make")}
              </Button>
              <Button variant="default" onClick={onClose}>
                {t("action.cancel")}
              </Button>
            </div>
          </form>
        </Part>
      )}
    </SidePanel>
  );
}
