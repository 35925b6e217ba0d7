// Problems as rows: what, why, about whom, since when.

import type { ReactNode } from "react";
import type { Problem, ProblemState } from "../api/types";
import { nameOf } from "../domain/fleet";
import { modemOf } from "../domain/problems";
import { useLive } from "../live/store";
import { t, tWord } from "../text/text";
import { Ago } from "../ui/Ago";
import { Empty } from "../ui/Empty";
import { ErrorNote } from "../ui/ErrorNote";
import list from "../ui/list.module.css";
import { Sentence } from "../ui/Sentence";
import { StateMark } from "../ui/StateMark";
import { VirtualList } from "../ui/VirtualList";
import { WaitingRows } from "../ui/Waiting";
import css from "./problems.module.css";

interface Props {
  problems: Problem[];
  state: ProblemState;
  filtered: boolean;
  waiting: boolean;
  error: unknown;
  current: string | null;
  older: ReactNode;
  onOpen(id: string): void;
  retry(): void;
}

function ProblemRow({ problem }: { problem: Problem }) {
  const modem = useLive((live) => modemOf(problem, live.modems));
  return (
    <div className={css.cells}>
      <StateMark state={problem.state === "open" ? "problem" : "all"} />
      <span className={css.title}>{tWord("problem.kind", problem.kind)}</span>
      <span className={css.device}>{modem ? nameOf(modem) : (problem.imei ?? "–")}</span>
      <span className={css.reason}>
        <Sentence text={problem.reason} />
      </span>
      <span className={css.time}>
        <Ago at={problem.state === "open" ? problem.created_at : problem.changed_at} />
      </span>
    </div>
  );
}

export function ProblemList({ problems, state, filtered, waiting, error, current, older, onOpen, retry }: Props) {
  if (waiting) return <WaitingRows n={6} />;
  if (problems.length === 0 && !error) {
    if (filtered) return <Empty title={t("problem.none_of_kind")}>{t("problem.none_of_kind_how")}</Empty>;
    return state === "open" ? (
      <Empty title={t("problem.empty")}>{t("problem.empty_how")}</Empty>
    ) : (
      <Empty title={t("problem.none_found")} />
    );
  }
  return (
    <>
      <div className={`${css.cells} ${list.head}`}>
        <span />
        <span>{t("problem.what")}</span>
        <span>{t("problem.device")}</span>
        <span>{t("problem.reason")}</span>
        <span className={css.time}>{t(state === "open" ? "problem.since" : "problem.settled")}</span>
      </div>
      {error !== null && error !== undefined && <ErrorNote error={error} retry={retry} />}
      <VirtualList
        label={t("nav.problems")}
        items={problems}
        idOf={(problem) => problem.id}
        render={(problem) => <ProblemRow problem={problem} />}
        current={current}
        onOpen={onOpen}
        narrowRow={64}
        footer={<div className={css.older}>{older}</div>}
      />
    </>
  );
}
