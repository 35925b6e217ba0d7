// One problem: why, the text in question, and what a person can do about it.

import { Skeleton } from "@mantine/core";
import { Link } from "react-router";
import type { Problem } from "../api/types";
import { nameOf } from "../domain/fleet";
import { modemOf, nextStep } from "../domain/problems";
import { useLive } from "../live/store";
import { t, tWord } from "../text/text";
import { AgoExact } from "../ui/Ago";
import { Copyable } from "../ui/Copyable";
import { Empty } from "../ui/Empty";
import { Fact, Facts, Part } from "../ui/Facts";
import { Sentence } from "../ui/Sentence";
import { SidePanel } from "../ui/SidePanel";
import { StateMark } from "../ui/StateMark";
import { ProblemActions } from "./ProblemActions";
import css from "./problems.module.css";

interface Props {
  problem: Problem | undefined;
  waiting: boolean;
  onClose(): void;
  onSettled(problem: Problem): void;
}

/** What a person does elsewhere, and the way there. */
function Next({ problem }: { problem: Problem }) {
  const to = nextStep(problem);
  const { kind } = problem;
  if (to === null || problem.state !== "open") return null;
  return (
    <p>
      {tWord("problem.how", kind)}{" "}
      <Link className="link" to={to}>
        {tWord("problem.link", kind)}
      </Link>
    </p>
  );
}

function Content({ problem, onSettled }: { problem: Problem; onSettled(problem: Problem): void }) {
  const modem = useLive((live) => modemOf(problem, live.modems));
  return (
    <>
      <div className={css.why}>
        <p>
          <StateMark state={problem.state === "open" ? "problem" : "all"} />{" "}
          <b>{t(`problem.state.${problem.state}`)}</b>
        </p>
        <p>
          <Sentence text={problem.reason} />
        </p>
        <Next problem={problem} />
      </div>
      <Part title={t("problem.about")}>
        <Facts>
          <Fact
            name={t(problem.kind === "untrusted_push" ? "problem.claims" : "problem.device")}
            why={t("problem.no_device")}
          >
            {modem || problem.modem_id ? (
              <Link className="link" to={`/?device=${modem?.id ?? problem.modem_id}`}>
                {modem ? nameOf(modem) : (problem.imei ?? t("problem.device"))}
              </Link>
            ) : (
              problem.imei && <Copyable text={problem.imei} />
            )}
          </Fact>
          {problem.message_id && (
            <Fact name={t("problem.message")}>
              <Link className="link" to={`/messages?message=${problem.message_id}`}>
                {t("problem.message_open")}
              </Link>
            </Fact>
          )}
          <Fact name={t("problem.found")}>
            <AgoExact at={problem.created_at} />
          </Fact>
          {problem.state !== "open" && (
            <Fact name={t("problem.settled")}>
              <AgoExact at={problem.changed_at} />
            </Fact>
          )}
        </Facts>
      </Part>
      {problem.excerpt && (
        <Part title={t("problem.excerpt")}>
          <div className={css.excerpt}>
            <Copyable text={problem.excerpt} />
          </div>
        </Part>
      )}
      <ProblemActions problem={problem} onSettled={onSettled} />
    </>
  );
}

export function ProblemPanel({ problem, waiting, onClose, onSettled }: Props) {
  const title = problem ? tWord("problem.kind", problem.kind) : t("problem.panel");
  return (
    <SidePanel label={t("problem.panel")} title={title} onClose={onClose}>
      {problem ? (
        <Content problem={problem} onSettled={onSettled} />
      ) : waiting ? (
        <div style={{ padding: 16 }}>
          <Skeleton height={80} />
        </div>
      ) : (
        <Empty title={t("problem.gone")}>{t("problem.gone_how")}</Empty>
      )}
    </SidePanel>
  );
}
