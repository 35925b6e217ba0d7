// What people wrote about a device: read, added, and removed with a moment to take that back.
import { ActionIcon, Button, Skeleton, Textarea } from "@mantine/core";
import { IconTrash } from "@tabler/icons-react";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useCallback, useEffect, useRef, useState } from "react";
import { useSession } from "../api/session";
import type { Note } from "../api/soon/device";
import type { Modem } from "../api/types";
import { t } from "../text/text";
import { AgoExact } from "../ui/Ago";
import { ErrorNote } from "../ui/ErrorNote";
import form from "../ui/form.module.css";
import { addNote, removeNote } from "./calls";
import css from "./devicepage.module.css";
import { notesKey, useNotes } from "./useNotes";

const LONGEST = 4_000;
/** The count is shown where the end comes near. */
const NEAR = 200;
const UNDO_MS = 8_000;

function NewNote({ modem, onAdded }: { modem: Modem; onAdded(): void }) {
  const [text, setText] = useState("");
  const add = useMutation({
    mutationFn: () => addNote(modem.id, text.trim()),
    onSuccess: () => {
      setText("");
      onAdded();
    },
  });
  // As the server counts: characters, not what JavaScript calls so.
  const left = LONGEST - [...text.trim()].length;
  const complete = text.trim() !== "" && left >= 0;
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (complete && !add.isPending) add.mutate();
  };
  return (
    <form className={`${form.form} ${css.newNote}`} onSubmit={submit}>
      <Textarea
        label={t("note.text")}
        description={t("note.hint")}
        rows={3}
        autosize={false}
        value={text}
        error={left < 0 && t("note.over", { n: -left })}
        onChange={(e) => setText(e.currentTarget.value)}
        onKeyDown={(e) => (e.ctrlKey || e.metaKey) && e.key === "Enter" && submit(e)}
      />
      {left >= 0 && left < NEAR && <p className="quiet">{t("note.left", { n: left })}</p>}
      {add.error && <ErrorNote error={add.error} />}
      <div className={form.buttons}>
        <Button type="submit" loading={add.isPending} disabled={!complete}>
          {t("note.add")}
        </Button>
      </div>
    </form>
  );
}

/** Removes when the time to take it back is over, or when the person goes elsewhere. */
function useRemoval(modem: Modem, onRemoved: () => void) {
  const [waiting, setWaiting] = useState<string | null>(null);
  const [error, setError] = useState<unknown>(null);
  const due = useRef<{ note: string; timer: number } | null>(null);
  const done = useRef(onRemoved);
  done.current = onRemoved;
  const carryOut = useCallback(() => {
    if (due.current === null) return;
    const { note, timer } = due.current;
    window.clearTimeout(timer);
    due.current = null;
    removeNote(modem.id, note).then(
      () => done.current(),
      (why) => {
        setWaiting((now) => (now === note ? null : now));
        setError(why);
      },
    );
  }, [modem.id]);
  useEffect(() => carryOut, [carryOut]);
  const remove = (note: string) => {
    carryOut();
    setError(null);
    setWaiting(note);
    due.current = { note, timer: window.setTimeout(carryOut, UNDO_MS) };
  };
  const undo = () => {
    window.clearTimeout(due.current?.timer);
    due.current = null;
    setWaiting(null);
  };
  return { waiting, error, remove, undo };
}

function OneNote({ note, mayRemove, onRemove }: { note: Note; mayRemove: boolean; onRemove(): void }) {
  return (
    <li>
      <p className={css.noteText}>{note.text}</p>
      <p className={css.noteHead}>
        <span className="quiet">
          {note.author} · <AgoExact at={note.at} />
        </span>
        {mayRemove && (
          <ActionIcon
            variant="subtle"
            color="gray"
            size={32}
            className={css.remove}
            onClick={onRemove}
            aria-label={t("note.remove")}
            title={t("note.remove")}
          >
            <IconTrash size={16} stroke={1.6} />
          </ActionIcon>
        )}
      </p>
    </li>
  );
}

export function Notes({ modem }: { modem: Modem }) {
  const { role } = useSession();
  const client = useQueryClient();
  const { asked, notes } = useNotes(modem.id);
  const again = () => void client.invalidateQueries({ queryKey: notesKey(modem.id) });
  const { waiting, error, remove, undo } = useRemoval(modem, again);
  const may = role !== "viewer";
  return (
    <div className={css.scroll}>
      {may ? <NewNote modem={modem} onAdded={again} /> : <p className={css.noteNone}>{t("note.not_allowed")}</p>}
      {asked.error && <ErrorNote error={asked.error} retry={() => void asked.refetch()} />}
      {error !== null && <ErrorNote error={error} />}
      {asked.isPending && (
        <div className={css.entryWaiting}>
          <Skeleton height={14} width="80%" />
        </div>
      )}
      <ul className={css.notes}>
        {notes.map((note) =>
          note.id === waiting ? (
            <li key={note.id} className={css.removed} role="status">
              {t("note.removed")}{" "}
              <Button variant="default" size="xs" onClick={undo}>
                {t("note.undo")}
              </Button>
            </li>
          ) : (
            <OneNote key={note.id} note={note} mayRemove={may} onRemove={() => remove(note.id)} />
          ),
        )}
      </ul>
      {asked.isSuccess && notes.length === 0 && <p className={css.noteNone}>{t("note.none")}</p>}
      {asked.hasNextPage && (
        <div className={css.noteNone}>
          <Button variant="default" loading={asked.isFetchingNextPage} onClick={() => void asked.fetchNextPage()}>
            {t("note.older")}
          </Button>
        </div>
      )}
    </div>
  );
}
