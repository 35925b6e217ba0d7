// Invites a person: a name and a role, then the link, once.
import { Button, TextInput } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import type { Invitation, Role } from "../api/types";
import { nameFault } from "../domain/people";
import { exact } from "../domain/time";
import { t } from "../text/text";
import { ErrorNote } from "../ui/ErrorNote";
import { Part } from "../ui/Facts";
import form from "../ui/form.module.css";
import { Once } from "../ui/Once";
import { usePreferences } from "../ui/preferences";
import { leaveByEscape } from "../ui/ReasonForm";
import { SidePanel } from "../ui/SidePanel";
import * as calls from "./calls";
import { PEOPLE_KEY } from "./People";
import { Roles } from "./Roles";

/** The link, while it can still be read. */
export function InvitationLink({ invitation }: { invitation: Invitation }) {
  const { zone } = usePreferences();
  const { person, link, expires_at } = invitation;
  return (
    <Once
      note={t("people.link_once", { name: person.name, at: exact(expires_at, zone) })}
      secret={link}
      action={t("people.link_copy")}
    />
  );
}

export function InvitePanel({ onClose }: { onClose(): void }) {
  const client = useQueryClient();
  const [name, setName] = useState("");
  const [role, setRole] = useState<Role>("viewer");
  const inviting = useMutation({
    mutationFn: () => calls.invite(name.trim(), role),
    onSuccess: () => client.invalidateQueries({ queryKey: PEOPLE_KEY }),
  });
  const fault = nameFault(name);
  const ready = name.trim() !== "" && fault === null;
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (ready && !inviting.isPending) inviting.mutate();
  };
  const made = inviting.data;
  return (
    <SidePanel label={t("people.invite_title")} title={t("people.invite_title")} onClose={onClose}>
      {made ? (
        <Part title={t("people.link_title", { name: made.person.name })}>
          <div className={form.form}>
            <InvitationLink invitation={made} />
            <div className={form.buttons}>
              <Button
                variant="default"
                onClick={() => {
                  inviting.reset();
                  setName("");
                }}
              >
                {t("people.invite_another")}
              </Button>
            </div>
          </div>
        </Part>
      ) : (
        <Part title={t("people.way_in")}>
          <form className={form.form} onSubmit={submit} onKeyDown={leaveByEscape(onClose)}>
            <p className="quiet">{t("people.invite_how")}</p>
            <TextInput
              label={t("people.name")}
              autoComplete="off"
              spellCheck={false}
              autoFocus
              error={fault && t(`people.name_${fault}`)}
              value={name}
              onChange={(e) => setName(e.currentTarget.value)}
            />
            <Roles chosen={role} onChoose={setRole} />
            {inviting.error && <ErrorNote error={inviting.error} />}
            <div className={form.buttons}>
              <Button type="submit" loading={inviting.isPending} disabled={!ready}>
                {t("people.invite_do")}
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
