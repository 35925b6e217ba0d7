// Whether the line itself is healthy, and in words what to do where it is not.

import { Skeleton } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";
import * as calls from "../api/calls";
import type { System } from "../api/types";
import { exact, span } from "../domain/time";
import { t, tWord } from "../text/text";
import { ErrorNote } from "../ui/ErrorNote";
import { Fact, Facts } from "../ui/Facts";
import { usePreferences } from "../ui/preferences";
import { Sentence } from "../ui/Sentence";
import { StateMark } from "../ui/StateMark";
import css from "./system.module.css";

const EVERY_MS = 5000;

function Headline({ system }: { system: System }) {
  const failing = system.checks.filter((check) => !check.ok).length;
  const well = failing === 0 && system.store.reachable && system.bus.reachable;
  return (
    <h1 className={css.headline}>
      <StateMark state={well ? "ok" : "silent"} size={18} />
      {well ? t("system.well") : t("system.unwell", { n: Math.max(1, failing) })}
    </h1>
  );
}

function Reach({ kind, reachable, reason }: { kind: string; reachable: boolean; reason?: string | null }) {
  return (
    <>
      <StateMark state={reachable ? "ok" : "silent"} size={10} /> {tWord("system.kind", kind)},{" "}
      {t(reachable ? "system.reachable" : "system.unreachable")}
      {reason && (
        <>
          . <Sentence text={reason} />
        </>
      )}
    </>
  );
}

function Kept({ counts }: { counts: System["counts"] }) {
  if (counts === null) return <p className="quiet">{t("system.uncounted")}</p>;
  return (
    <Facts>
      <Fact name={t("system.modems")}>{counts.modems.toLocaleString("en")}</Fact>
      <Fact name={t("system.messages")}>{counts.messages.toLocaleString("en")}</Fact>
      <Fact name={t("system.open_problems")}>{counts.open_problems.toLocaleString("en")}</Fact>
      <Fact name={t("system.held")}>{counts.held.toLocaleString("en")}</Fact>
    </Facts>
  );
}

function Schema({ store }: { store: System["store"] }) {
  const { schema, wanted_schema } = store;
  if (schema === wanted_schema || wanted_schema === null) return schema;
  return <Sentence text={t("system.schema_wanted", { has: schema ?? "–", wants: wanted_schema })} />;
}

function Table({
  title,
  head,
  children,
  empty,
}: {
  title: string;
  head: string[];
  children: ReactNode[];
  empty: string;
}) {
  return (
    <section className={css.section}>
      <h2>{title}</h2>
      {children.length === 0 ? (
        <p className="quiet">{empty}</p>
      ) : (
        <table>
          <thead>
            <tr>
              {head.map((text) => (
                <th key={text}>{text}</th>
              ))}
            </tr>
          </thead>
          <tbody>{children}</tbody>
        </table>
      )}
    </section>
  );
}

function Whole({ system }: { system: System }) {
  const { zone } = usePreferences();
  return (
    <>
      <Headline system={system} />
      <Table title={t("system.checks")} head={[t("system.check"), t("system.result")]} empty={t("system.no_checks")}>
        {system.checks.map((check) => (
          <tr key={check.name}>
            <td>{check.name}</td>
            <td>
              <span className={css.result}>
                <StateMark state={check.ok ? "ok" : "silent"} size={10} />
                <span>
                  <Sentence text={check.reason} />
                </span>
              </span>
            </td>
          </tr>
        ))}
      </Table>
      <Table
        title={t("system.queues")}
        head={[t("system.queue"), t("system.waiting"), t("system.oldest")]}
        empty={t("system.no_queues")}
      >
        {system.queues.map((queue) => (
          <tr key={queue.name}>
            <td>{queue.name}</td>
            <td className={css.number}>{queue.waiting.toLocaleString("en")}</td>
            <td className={css.number}>{span(queue.oldest_age_s)}</td>
          </tr>
        ))}
      </Table>
      <section className={css.section}>
        <h2>{t("system.kept")}</h2>
        <Kept counts={system.counts} />
      </section>
      <section className={css.section}>
        <h2>{t("system.about")}</h2>
        <Facts>
          <Fact name={t("system.version")}>{system.version}</Fact>
          <Fact name={t("system.store")}>
            <Reach kind={system.store.kind} reachable={system.store.reachable} />
          </Fact>
          <Fact name={t("system.schema")}>
            <Schema store={system.store} />
          </Fact>
          <Fact name={t("system.bus")}>
            <Reach {...system.bus} />
          </Fact>
          <Fact name={t("system.clock")}>
            {exact(system.now, zone)}
            {system.speed > 1 && ` · ${t("line.speed", { n: system.speed })}`}
          </Fact>
        </Facts>
      </section>
    </>
  );
}

export function SystemPage() {
  const { data, error, refetch } = useQuery({
    queryKey: ["system"],
    queryFn: calls.system,
    refetchInterval: EVERY_MS,
    staleTime: 0,
  });
  return (
    <div className={css.page}>
      <div className={css.column}>
        {error && <ErrorNote error={error} retry={() => void refetch()} />}
        {data ? (
          <Whole system={data} />
        ) : (
          !error && [40, 90, 90, 70].map((w, i) => <Skeleton key={i} height={20} width={`${w}%`} />)
        )}
      </div>
    </div>
  );
}
