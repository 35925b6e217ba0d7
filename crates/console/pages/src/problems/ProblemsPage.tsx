// What needs a person, newest first, and what was settled.
import { Button, NativeSelect } from "@mantine/core";
import { IconChevronDown } from "@tabler/icons-react";
import { useInfiniteQuery } from "@tanstack/react-query";
import { useMemo, useState } from "react";
import { useSearchParams } from "react-router";
import * as calls from "../api/calls";
import { PROBLEM_KINDS, PROBLEM_STATES, type Problem } from "../api/types";
import { useLive } from "../live/store";
import { t } from "../text/text";
import { useListKeys } from "../ui/useListKeys";
import { ProblemList } from "./ProblemList";
import { ProblemPanel } from "./ProblemPanel";
import css from "./problems.module.css";

function merge(lists: Iterable<Problem>[]): Problem[] {
  const byId = new Map<string, Problem>();
  for (const list of lists) for (const problem of list) if (!byId.has(problem.id)) byId.set(problem.id, problem);
  return [...byId.values()].sort(
    (a, b) => Date.parse(b.created_at) - Date.parse(a.created_at) || (a.id < b.id ? 1 : -1),
  );
}

export default function ProblemsPage() {
  const [search, setSearch] = useSearchParams();
  const live = useLive((picture) => picture.problems);
  const epoch = useLive((picture) => picture.epoch);
  const [cursor, setCursor] = useState<string | null>(null);
  const [settled, setSettled] = useState<Map<string, Problem>>(new Map());
  const state = PROBLEM_STATES.find((s) => s === search.get("state")) ?? "open";
  const opened = search.get("problem");
  const kind = PROBLEM_KINDS.find((k) => k === search.get("kind"));
  const show = (problem: string | null, replace: boolean, at: string = state, of: string | undefined = kind) => {
    const next = { ...(at === "open" ? {} : { state: at }), ...(of ? { kind: of } : {}) };
    setSearch(problem === null ? next : { ...next, problem }, { replace });
  };

  const asked = useInfiniteQuery({
    queryKey: ["problems", state, kind, epoch, state === "open" ? 0 : settled.size],
    queryFn: ({ pageParam }) => calls.problems(state, kind, pageParam),
    initialPageParam: null as string | null,
    getNextPageParam: (last) => last.next_cursor,
  });
  const problems = useMemo(() => {
    const read = asked.data?.pages.flatMap((page) => page.items) ?? [];
    if (state !== "open") return merge([read]);
    // The live line knows of what was opened since the list was read, and of what was settled.
    return merge([live.values(), read]).filter(
      (p) => (kind === undefined || p.kind === kind) && (live.has(p.id) || !settled.has(p.id)),
    );
  }, [asked.data, live, settled, state, kind]);
  const current = opened ?? cursor;
  const chosen =
    problems.find((p) => p.id === opened) ?? (opened ? (settled.get(opened) ?? live.get(opened)) : undefined);
  const open = (id: string) => {
    setCursor(id);
    show(id, opened !== null);
  };
  useListKeys({
    ids: useMemo(() => problems.map((p) => p.id), [problems]),
    current,
    move: (id) => (opened === null ? setCursor(id) : open(id)),
    open,
    back: () => (opened !== null ? show(null, false) : setCursor(null)),
  });

  return (
    <>
      <section className={css.page} aria-label={t("nav.problems")}>
        <header className={css.filters}>
          <div className={css.states} role="group" aria-label={t("problem.states")}>
            {PROBLEM_STATES.map((s) => (
              <button key={s} type="button" aria-pressed={s === state} onClick={() => show(null, true, s)}>
                {t(`problem.state.${s}`)}
                {s === "open" && live.size > 0 && <b>{live.size}</b>}
              </button>
            ))}
          </div>
          <NativeSelect
            className={css.kind}
            rightSection={<IconChevronDown size={16} stroke={1.6} aria-hidden="true" />}
            aria-label={t("problem.filter_kind")}
            value={kind ?? ""}
            onChange={(e) => show(null, true, state, e.currentTarget.value)}
            data={[
              { value: "", label: t("problem.any_kind") },
              ...PROBLEM_KINDS.map((k) => ({ value: k, label: t(`problem.kind.${k}`) })),
            ]}
          />
        </header>
        <ProblemList
          problems={problems}
          state={state}
          filtered={kind !== undefined}
          waiting={asked.isPending && problems.length === 0}
          error={asked.error}
          current={current}
          older={
            asked.hasNextPage && (
              <Button variant="default" loading={asked.isFetchingNextPage} onClick={() => void asked.fetchNextPage()}>
                {t("problem.older")}
              </Button>
            )
          }
          onOpen={open}
          retry={() => void asked.refetch()}
        />
      </section>
      {opened !== null && (
        <ProblemPanel
          key={opened}
          problem={chosen}
          waiting={asked.isPending}
          onClose={() => show(null, false)}
          onSettled={(problem) => setSettled((old) => new Map(old).set(problem.id, problem))}
        />
      )}
    </>
  );
}
