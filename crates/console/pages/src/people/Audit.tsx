// What was changed, by whom and why, newest first.
import { CloseButton, TextInput } from "@mantine/core";
import { type ReactNode, useEffect, useState } from "react";
import { Link } from "react-router";
import type { AuditEntry } from "../api/types";
import { nameIn, placeOf } from "../domain/audit";
import { clock } from "../domain/time";
import { useNow } from "../live/store";
import { t, tWord } from "../text/text";
import { AgoExact } from "../ui/Ago";
import { Copyable } from "../ui/Copyable";
import { Empty } from "../ui/Empty";
import { Fact, Facts, Part } from "../ui/Facts";
import { usePreferences } from "../ui/preferences";
import { Roster, usePaged } from "../ui/Roster";
import { SectionFrame } from "../ui/SectionFrame";
import { Sentence } from "../ui/Sentence";
import { SidePanel } from "../ui/SidePanel";
import { useAddress } from "../ui/useAddress";
import * as calls from "./calls";
import { PEOPLE_KEY } from "./People";
import css from "./people.module.css";

function EntryRow({ entry }: { entry: AuditEntry }) {
  const now = useNow();
  const { zone } = usePreferences();
  const whom = nameIn(entry.subject);
  return (
    <div className={`${css.cells} ${css.audit}`}>
      <time className={css.at} dateTime={entry.at}>
        {clock(entry.at, now, zone)}
      </time>
      <span className={css.name} title={entry.actor}>
        {entry.actor}
      </span>
      <span className={css.did}>
        {tWord("did", entry.action)}
        {whom && `: ${whom}`}
      </span>
      <span className={css.words}>{entry.detail}</span>
    </div>
  );
}

function EntryPanel({ entry, onClose }: { entry: AuditEntry | undefined; onClose(): void }) {
  const title = entry ? `${entry.actor} ${tWord("did", entry.action)}` : t("audit.panel");
  const place = entry ? placeOf(entry.subject) : null;
  return (
    <SidePanel label={t("audit.panel")} title={title} onClose={onClose}>
      {entry ? (
        <>
          <Part title={t("people.about")}>
            <Facts>
              <Fact name={t("audit.at")}>
                <AgoExact at={entry.at} />
              </Fact>
              <Fact name={t("audit.actor")}>{entry.actor}</Fact>
              <Fact name={t("audit.word")}>
                <span className="mono">{entry.action}</span>
              </Fact>
              <Fact name={t("audit.subject")}>
                <Copyable text={entry.subject} />
                {place && (
                  <p>
                    <Link className="link" to={place}>
                      {t("audit.open")}
                    </Link>
                  </p>
                )}
              </Fact>
            </Facts>
          </Part>
          {entry.detail !== "" && (
            <Part title={t("audit.detail")}>
              <p className={css.said}>{entry.detail}</p>
            </Part>
          )}
        </>
      ) : (
        <Empty title={t("audit.gone")}>{t("audit.gone_how")}</Empty>
      )}
    </SidePanel>
  );
}

/** Whose name stands in the log where somebody works on the server itself. */
const COMMAND_LINE = "command line";

/** A name that somebody acts under: a person's, a token's, the command line's. */
function Actor({ value, onChange }: { value: string; onChange(actor: string): void }) {
  const people = usePaged(PEOPLE_KEY, calls.people);
  const [text, setText] = useState(value);
  useEffect(() => setText(value), [value]);
  const take = () => onChange(text.trim());
  return (
    <>
      <TextInput
        data-search
        type="search"
        list="actors"
        aria-label={t("audit.filter_actor")}
        placeholder={t("audit.anybody")}
        value={text}
        onChange={(e) => {
          const typed = e.currentTarget.value;
          setText(typed);
          if (typed === "" || people.items.some(({ name }) => name === typed) || typed === COMMAND_LINE)
            onChange(typed);
        }}
        onBlur={take}
        onKeyDown={(e) => (e.key === "Enter" || e.key === "Escape") && e.currentTarget.blur()}
      />
      <datalist id="actors">
        {people.items.map(({ id, name }) => (
          <option key={id} value={name} />
        ))}
        <option value={COMMAND_LINE} />
      </datalist>
    </>
  );
}

export function Audit({ tabs }: { tabs: ReactNode }) {
  const [search, change] = useAddress();
  const opened = search.get("open");
  const actor = search.get("actor") ?? "";
  const paged = usePaged(["audit", actor], (cursor) => calls.audit(actor, cursor));
  const show = (id: string | null) => change({ open: id }, id !== null && opened !== null);
  const filtered = actor !== "";
  return (
    <SectionFrame
      label={t("people.section.audit")}
      tabs={tabs}
      panel={
        opened === null ? null : (
          <EntryPanel key={opened} entry={paged.items.find(({ id }) => id === opened)} onClose={() => show(null)} />
        )
      }
      aside={
        <>
          <Actor value={actor} onChange={(value) => change({ actor: value, open: null }, true)} />
          {filtered && (
            <CloseButton
              size={36}
              onClick={() => change({ actor: null, open: null }, true)}
              aria-label={t("audit.no_filter")}
              title={t("audit.no_filter")}
            />
          )}
        </>
      }
    >
      <Roster
        label={t("people.section.audit")}
        className={`${css.cells} ${css.audit}`}
        paged={paged}
        opened={opened}
        head={
          <>
            <span>{t("audit.at")}</span>
            <span>{t("audit.actor")}</span>
            <span>{t("audit.did")}</span>
            <span className={css.words}>{t("audit.detail")}</span>
          </>
        }
        row={(entry) => <EntryRow entry={entry} />}
        empty={
          filtered ? (
            <Empty title={t("audit.none_found")}>
              <p>
                <Sentence text={t("audit.none_found_how")} />
              </p>
            </Empty>
          ) : (
            <Empty title={t("audit.empty")}>{t("audit.empty_how")}</Empty>
          )
        }
        more={t("audit.older")}
        onOpen={show}
      />
    </SectionFrame>
  );
}
