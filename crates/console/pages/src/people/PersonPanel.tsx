// One person: role, way in, and what takes it away.
import { Button, Skeleton } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { Link } from "react-router";
import { SESSION_KEY, useSession } from "../api/session";
import type { Person, Role } from "../api/types";
import { isLastAdmin } from "../domain/people";
import { t } from "../text/text";
import { AgoExact } from "../ui/Ago";
import { Confirm } from "../ui/Confirm";
import { Empty } from "../ui/Empty";
import { ErrorNote } from "../ui/ErrorNote";
import { Fact, Facts, Part } from "../ui/Facts";
import form from "../ui/form.module.css";
import { SidePanel } from "../ui/SidePanel";
import * as calls from "./calls";
import { InvitationLink } from "./InvitePanel";
import { PEOPLE_KEY, PersonState } from "./People";
import css from "./people.module.css";
import { Roles } from "./Roles";

/** Waits until what was changed shows in the list, and where it was oneself, in what one may do. */
function useHeard() {
  const client = useQueryClient();
  const { person_id } = useSession();
  return async (person: Person) => {
    await client.invalidateQueries({ queryKey: PEOPLE_KEY });
    if (person.id === person_id) await client.invalidateQueries({ queryKey: SESSION_KEY });
  };
}

function PersonRole({ person, last }: { person: Person; last: boolean }) {
  const { person_id } = useSession();
  const heard = useHeard();
  const [wanted, setWanted] = useState<Role | null>(null);
  const changing = useMutation({
    mutationFn: (role: Role) => calls.changePerson(person.id, { role }),
    onSuccess: heard,
  });
  if (last) {
    return (
      <p className="quiet">
        {t(`people.may.${person.role}`)} {t("people.last_admin")}
      </p>
    );
  }
  if (wanted !== null) {
    return (
      <Confirm
        effect={t("people.demote_effect")}
        confirm={t("people.demote_confirm", { role: t(`role.${wanted}`) })}
        run={() => calls.changePerson(person.id, { role: wanted })}
        onDone={heard}
        onCancel={() => setWanted(null)}
      />
    );
  }
  const choose = (role: Role) => {
    if (role === person.role) return;
    if (person.id === person_id) setWanted(role);
    else changing.mutate(role);
  };
  return (
    <div className={form.form}>
      <Roles headed chosen={changing.isPending ? changing.variables : person.role} onChoose={choose} />
      {changing.error && <ErrorNote error={changing.error} />}
    </div>
  );
}

function WayIn({ person }: { person: Person }) {
  const linking = useMutation({ mutationFn: () => calls.newLink(person.id) });
  if (linking.data) return <InvitationLink invitation={linking.data} />;
  return (
    <div className={form.form}>
      <p className="quiet">{t("people.link_how", { name: person.name })}</p>
      {linking.error && <ErrorNote error={linking.error} />}
      <div className={form.buttons}>
        <Button variant="default" loading={linking.isPending} onClick={() => linking.mutate()}>
          {t("people.link")}
        </Button>
      </div>
    </div>
  );
}

function Taken({ person, onRemoved }: { person: Person; onRemoved(): void }) {
  const { name } = person;
  const heard = useHeard();
  const [chosen, setChosen] = useState<"disable" | "remove" | null>(null);
  const enabling = useMutation({
    mutationFn: () => calls.changePerson(person.id, { disabled: false }),
    onSuccess: heard,
  });
  const cancel = () => setChosen(null);
  if (chosen === "disable") {
    return (
      <Confirm
        effect={t("people.disable_effect", { name })}
        confirm={t("people.disable_confirm", { name })}
        run={() => calls.changePerson(person.id, { disabled: true })}
        onDone={async (changed) => {
          await heard(changed);
          cancel();
        }}
        onCancel={cancel}
      />
    );
  }
  if (chosen === "remove") {
    return (
      <Confirm
        effect={t("people.remove_effect", { name })}
        confirm={t("people.remove_confirm", { name })}
        run={() => calls.removePerson(person.id)}
        onDone={() => {
          onRemoved();
          return heard(person);
        }}
        onCancel={cancel}
      />
    );
  }
  return (
    <div className={form.form}>
      {enabling.error && <ErrorNote error={enabling.error} />}
      <div className={form.buttons}>
        {person.disabled ? (
          <Button variant="default" loading={enabling.isPending} onClick={() => enabling.mutate()}>
            {t("people.enable")}
          </Button>
        ) : (
          <Button variant="default" onClick={() => setChosen("disable")}>
            {t("people.disable")}
          </Button>
        )}
        <Button variant="default" onClick={() => setChosen("remove")}>
          {t("people.remove")}
        </Button>
      </div>
    </div>
  );
}

interface Props {
  person: Person | undefined;
  people: Person[];
  waiting: boolean;
  onClose(): void;
}

export function PersonPanel({ person, people, waiting, onClose }: Props) {
  if (!person) {
    return (
      <SidePanel label={t("people.panel")} title={t("people.panel")} onClose={onClose}>
        {waiting ? (
          <div className={css.waiting}>
            <Skeleton height={80} />
          </div>
        ) : (
          <Empty title={t("people.gone")}>{t("people.gone_how")}</Empty>
        )}
      </SidePanel>
    );
  }
  const last = isLastAdmin(person, people);
  return (
    <SidePanel label={t("people.panel")} title={person.name} onClose={onClose}>
      <Part title={t("people.about")}>
        <Facts>
          <Fact name={t("people.standing")}>
            <PersonState person={person} />
          </Fact>
          <Fact name={t("people.created")}>
            <AgoExact at={person.created_at} />
          </Fact>
          <Fact name={t("people.last")} why={t("people.never")}>
            {person.last_sign_in_at && <AgoExact at={person.last_sign_in_at} />}
          </Fact>
          <Fact name={t("people.audit")}>
            <Link className="link" to={`/people?show=audit&actor=${encodeURIComponent(person.name)}`}>
              {t("people.audit_open")}
            </Link>
          </Fact>
        </Facts>
      </Part>
      <Part title={t("people.role")}>
        <PersonRole key={person.role} person={person} last={last} />
      </Part>
      {!person.disabled && (
        <Part title={t("people.way_in")}>
          <WayIn person={person} />
        </Part>
      )}
      {!last && (
        <Part title={`${t("people.disable")}, ${t("people.remove").toLowerCase()}`}>
          <Taken person={person} onRemoved={onClose} />
        </Part>
      )}
    </SidePanel>
  );
}
