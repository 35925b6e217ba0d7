// Whether the line itself is healthy, and in words what to do where it is not.
import { useQuery } from "@tanstack/react-query";
import * as calls from "../api/calls";
import type { System } from "../api/types";
import { attention, size } from "../domain/system";
import { exact } from "../domain/time";
import { t, tWord } from "../text/text";
import { ErrorNote } from "../ui/ErrorNote";
import { Fact, Facts } from "../ui/Facts";
import { Headline, Page, Section } from "../ui/Page";
import { usePreferences } from "../ui/preferences";
import { Sentence } from "../ui/Sentence";
import { StateMark } from "../ui/StateMark";
import { WaitingLines } from "../ui/Waiting";
import { AttentionList } from "./AttentionList";
import { Queues } from "./Queues";
import { Checks, Services } from "./Services";
import css from "./system.module.css";

const EVERY_MS = 5000;

function Answer({ system }: { system: System }) {
  const found = attention(system);
  const several = system.services.length > 1;
  const grave = found.filter((one) => one.grave);
  const light = found.filter((one) => !one.grave);
  return (
    <>
      {grave.length === 0 ? (
        <Headline mark="ok" title={t("system.well")}>
          {system.services.length > 0 && <p>{t("system.well_how", { n: system.services.length })}</p>}
        </Headline>
      ) : (
        <div className={css.answer}>
          <Headline mark="silent" title={t("system.unwell", { n: grave.length })} />
          <AttentionList found={grave} several={several} />
        </div>
      )}
      {light.length > 0 && (
        <Section title={t("system.light")}>
          <AttentionList found={light} several={several} />
        </Section>
      )}
    </>
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
  const messages = counts.messages_last_day.toLocaleString("en");
  return (
    <Facts>
      <Fact name={t("system.modems")}>{counts.modems.toLocaleString("en")}</Fact>
      <Fact name={t("system.messages")}>
        {counts.messages_last_day_is_capped ? t("system.more_than", { n: messages }) : messages}
      </Fact>
      <Fact name={t("system.open_problems")}>{counts.open_problems.toLocaleString("en")}</Fact>
      <Fact name={t("system.held")}>{counts.held.toLocaleString("en")}</Fact>
    </Facts>
  );
}

function About({ system }: { system: System }) {
  const { zone } = usePreferences();
  const { store, bus } = system;
  return (
    <Facts>
      <Fact name={t("system.version")}>{system.version}</Fact>
      <Fact name={t("system.store")}>
        <Reach kind={store.kind} reachable={store.reachable} />
      </Fact>
      {store.size_bytes !== null && <Fact name={t("system.size")}>{size(store.size_bytes)}</Fact>}
      <Fact name={t("system.schema")}>{store.schema}</Fact>
      <Fact name={t("system.bus")}>
        <Reach {...bus} />
      </Fact>
      <Fact name={t("system.clock")}>
        {exact(system.now, zone)}
        {system.speed > 1 && ` · ${t("line.speed", { n: system.speed })}`}
      </Fact>
    </Facts>
  );
}

export default function SystemPage() {
  const { data, error, refetch } = useQuery({
    queryKey: ["system"],
    queryFn: calls.system,
    refetchInterval: EVERY_MS,
    staleTime: 0,
  });
  return (
    <Page>
      {error && <ErrorNote error={error} retry={() => void refetch()} />}
      {data ? (
        <>
          <Answer system={data} />
          <Services system={data} />
          <Queues system={data} />
          <Section title={t("system.kept")}>
            <Kept counts={data.counts} />
          </Section>
          <Section title={t("system.about")}>
            <About system={data} />
          </Section>
          <Checks system={data} />
        </>
      ) : (
        !error && <WaitingLines />
      )}
    </Page>
  );
}
