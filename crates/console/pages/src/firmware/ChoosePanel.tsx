// Chooses a version: a branch, a tag or a commit of a source, found by name, subject or author; then prepares it.
import { Button, NativeSelect, Skeleton, TextInput } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { shortCommit } from "../domain/firmware";
import { t } from "../text/text";
import { Ago } from "../ui/Ago";
import { Choices } from "../ui/Choices";
import { ErrorNote } from "../ui/ErrorNote";
import form from "../ui/form.module.css";
import { usePaged } from "../ui/Roster";
import { SidePanel } from "../ui/SidePanel";
import { REVISION_KINDS, type Revision, type RevisionKind, type Source } from "./apiTypes";
import * as calls from "./calls";
import { chevron } from "./chevron";
import css from "./firmware.module.css";
import { FIRMWARE, useTake } from "./news";
import { NoSource, useSources } from "./Sources";

const TYPED_MS = 250;

const called = (revision: Revision): string =>
  revision.kind === "commit" ? shortCommit(revision.commit) : revision.name;

interface RowProps {
  source: string;
  revision: Revision;
  picked: boolean;
  onPick(): void;
  onChosen(id: string): void;
}

function RevisionRow({ source, revision, picked, onPick, onChosen }: RowProps) {
  const take = useTake();
  const preparing = useMutation({
    mutationFn: () => calls.prepare(source, revision),
    onSuccess: (version) => {
      take({ type: "version", version });
      onChosen(version.id);
    },
  });
  const known = revision.version_id;
  return (
    <li data-picked={picked}>
      <button type="button" className={css.revision} aria-expanded={picked} onClick={onPick}>
        <b className={revision.kind === "commit" ? "mono" : undefined}>{called(revision)}</b>
        <span>{revision.subject}</span>
        <small>
          {t("revision.by", { author: revision.author })}
          <Ago at={revision.committed_at} />
          {known && <> · {t("revision.here")}</>}
        </small>
      </button>
      {picked && (
        <div className={css.picked}>
          <p className="quiet">{t("revision.prepare_how")}</p>
          {revision.kind === "branch" && (
            <p className="quiet">{t("revision.moves", { commit: shortCommit(revision.commit) })}</p>
          )}
          {preparing.error && <ErrorNote error={preparing.error} />}
          <div className={form.buttons}>
            <Button loading={preparing.isPending} onClick={() => (known ? onChosen(known) : preparing.mutate())}>
              {t(known ? "revision.open" : "revision.prepare", { name: called(revision) })}
            </Button>
          </div>
        </div>
      )}
    </li>
  );
}

interface ListProps {
  source: string;
  filter: calls.RevisionFilter;
  onChosen(id: string): void;
}

function RevisionList({ source, filter, onChosen }: ListProps) {
  const [picked, setPicked] = useState<string | null>(null);
  const { kind, branch, q } = filter;
  const paged = usePaged([FIRMWARE, "revisions", source, kind, branch, q], (cursor) =>
    calls.revisions(source, filter, cursor),
  );
  if (paged.waiting) return <Skeleton height={160} />;
  return (
    <>
      {paged.error !== null && <ErrorNote error={paged.error} retry={paged.again} />}
      {paged.items.length === 0 && paged.error === null && (
        <p className="quiet">{q || branch ? t("revision.none_found") : t(`revision.none.${kind}`)}</p>
      )}
      <ul className={css.revisions}>
        {paged.items.map((revision) => {
          const id = `${revision.kind} ${revision.name}`;
          return (
            <RevisionRow
              key={id}
              source={source}
              revision={revision}
              picked={picked === id}
              onPick={() => setPicked(picked === id ? null : id)}
              onChosen={onChosen}
            />
          );
        })}
      </ul>
      {!paged.whole && (
        <Button variant="default" loading={paged.loading} onClick={paged.more}>
          {t("revision.more")}
        </Button>
      )}
    </>
  );
}

/** The branches of a source, to narrow its commits down. */
function Branches({ source, value, onChange }: { source: string; value: string; onChange(branch: string): void }) {
  const paged = usePaged([FIRMWARE, "revisions", source, "branch", undefined, undefined], (cursor) =>
    calls.revisions(source, { kind: "branch" }, cursor),
  );
  return (
    <NativeSelect
      rightSection={chevron}
      label={t("revision.branch")}
      value={value}
      onChange={(e) => onChange(e.currentTarget.value)}
      data={[
        { value: "", label: t("revision.any_branch") },
        ...paged.items.map(({ name }) => ({ value: name, label: name })),
      ]}
    />
  );
}

function Chooser({ sources, initial, onChosen }: { sources: Source[]; initial?: string; onChosen(id: string): void }) {
  const [source, setSource] = useState(sources.find(({ name }) => name === initial)?.name ?? sources[0]?.name ?? "");
  const [kind, setKind] = useState<RevisionKind>("branch");
  const [branch, setBranch] = useState("");
  const [text, setText] = useState("");
  const [q] = useDebouncedValue(text.trim(), TYPED_MS);
  return (
    <div className={form.form}>
      {sources.length > 1 && (
        <NativeSelect
          rightSection={chevron}
          label={t("revision.source")}
          value={source}
          onChange={(e) => {
            setSource(e.currentTarget.value);
            setBranch("");
          }}
          data={sources.map(({ name }) => name)}
        />
      )}
      <Choices
        label={t("revision.kind")}
        values={REVISION_KINDS}
        chosen={kind}
        words={(one) => t(`revision.kind.${one}`)}
        onChoose={(one) => setKind(one)}
      />
      {kind === "commit" && <Branches source={source} value={branch} onChange={setBranch} />}
      <TextInput
        data-search
        type="search"
        label={t("revision.search")}
        placeholder={t("revision.search_hint")}
        value={text}
        onChange={(e) => setText(e.currentTarget.value)}
      />
      <RevisionList
        key={`${source} ${kind}`}
        source={source}
        filter={{ kind, branch: (kind === "commit" && branch) || undefined, q: q || undefined }}
        onChosen={onChosen}
      />
    </div>
  );
}

interface Props {
  source: string | undefined;
  onChosen(id: string): void;
  onClose(): void;
}

export function ChoosePanel({ source, onChosen, onClose }: Props) {
  const { data, error, refetch } = useSources();
  return (
    <SidePanel label={t("version.new")} title={t("version.new")} onClose={onClose}>
      {error && <ErrorNote error={error} retry={() => void refetch()} />}
      {data?.length === 0 && <NoSource />}
      {data && data.length > 0 && (
        <div className={css.pad}>
          <Chooser sources={data} initial={source} onChosen={onChosen} />
        </div>
      )}
      {!data && !error && <Skeleton height={160} m={16} />}
    </SidePanel>
  );
}
