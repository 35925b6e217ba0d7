// Everybody who may come in by name.
import { Button } from "@mantine/core";
import { IconPlus } from "@tabler/icons-react";
import type { ReactNode } from "react";
import { useSession } from "../api/session";
import type { Person } from "../api/types";
import { standing } from "../domain/people";
import { t } from "../text/text";
import { Ago } from "../ui/Ago";
import { Empty } from "../ui/Empty";
import { Roster, usePaged } from "../ui/Roster";
import { SectionFrame } from "../ui/SectionFrame";
import { StateMark } from "../ui/StateMark";
import { useAddress } from "../ui/useAddress";
import * as calls from "./calls";
import { InvitePanel } from "./InvitePanel";
import { PersonPanel } from "./PersonPanel";
import css from "./people.module.css";

export const PEOPLE_KEY = ["people"];

/** In the place of an id: the form for a new one. */
export const NEW = "new";

const MARKS = { active: "ok", invited: "never", disabled: "all" } as const;

export function PersonState({ person }: { person: Person }) {
  const is = standing(person);
  return (
    <>
      <StateMark state={MARKS[is]} size={10} /> {t(`people.standing.${is}`)}
    </>
  );
}

function PersonRow({ person }: { person: Person }) {
  const { person_id } = useSession();
  return (
    <div className={css.cells}>
      <span className={css.name} title={person.name}>
        {person.name}
        {person.id === person_id && <i>{t("people.you")}</i>}
      </span>
      <span className={css.role}>{t(`role.${person.role}`)}</span>
      <span className={css.state}>
        <PersonState person={person} />
      </span>
      <span className={css.time}>
        {person.last_sign_in_at ? <Ago at={person.last_sign_in_at} /> : <span className="quiet">–</span>}
      </span>
    </div>
  );
}

export function People({ tabs }: { tabs: ReactNode }) {
  const [search, change] = useAddress();
  const paged = usePaged(PEOPLE_KEY, calls.people);
  const opened = search.get("open");
  const show = (id: string | null) => change({ open: id }, id !== null && opened !== null);
  const close = () => show(null);
  const panel =
    opened === null ? null : opened === NEW ? (
      <InvitePanel onClose={close} />
    ) : (
      <PersonPanel
        key={opened}
        person={paged.items.find(({ id }) => id === opened)}
        people={paged.items}
        waiting={paged.waiting}
        onClose={close}
      />
    );
  return (
    <SectionFrame
      label={t("nav.people")}
      tabs={tabs}
      panel={panel}
      aside={
        <Button leftSection={<IconPlus size={16} aria-hidden="true" />} onClick={() => show(NEW)}>
          {t("people.invite")}
        </Button>
      }
    >
      <Roster
        label={t("nav.people")}
        className={css.cells}
        paged={paged}
        opened={opened === NEW ? null : opened}
        head={
          <>
            <span>{t("people.name")}</span>
            <span>{t("people.role")}</span>
            <span>{t("people.standing")}</span>
            <span className={css.time}>{t("people.last")}</span>
          </>
        }
        row={(person) => <PersonRow person={person} />}
        more={t("people.more")}
        empty={<Empty title={t("people.empty")}>{t("people.empty_how")}</Empty>}
        onOpen={show}
      />
    </SectionFrame>
  );
}
