// The repositories that are mirrored: how each one's copy is, what is wrong, and fetching it now.
import { Button } from "@mantine/core";
import { useMutation, useQuery } from "@tanstack/react-query";
import { type ReactNode, useState } from "react";
import { Link } from "react-router";
import { useSession } from "../api/session";
import { mayUpgrade, size, sourceHealth } from "../domain/firmware";
import { useNow } from "../live/store";
import { t } from "../text/text";
import { AgoExact } from "../ui/Ago";
import { Copyable } from "../ui/Copyable";
import { Empty } from "../ui/Empty";
import { ErrorNote } from "../ui/ErrorNote";
import { Fact, Facts } from "../ui/Facts";
import { SectionFrame } from "../ui/SectionFrame";
import { Sentence } from "../ui/Sentence";
import { StateMark } from "../ui/StateMark";
import { WaitingRows } from "../ui/Waiting";
import type { Source } from "./apiTypes";
import * as calls from "./calls";
import css from "./firmware.module.css";
import { SOURCES } from "./news";

const SNIPPET = `[firmware.sources.buoy]
url = "https://git.example.org/buoy.git"
# credentials = "/etc/fairlead/git.txt"
# ssh_key = "/etc/fairlead/git.key"
signature = "optional"`;

export const useSources = () => useQuery({ queryKey: SOURCES, queryFn: calls.sources });

function SourceCard({ source }: { source: Source }) {
  const { role } = useSession();
  const now = useNow();
  const told = `${source.fetched_at} ${source.failed_at}`;
  const [asked, setAsked] = useState<string | null>(null);
  const fetching = useMutation({ mutationFn: () => calls.fetchSource(source.name), onSuccess: () => setAsked(told) });
  const health = sourceHealth(source, now);
  return (
    <article className={css.source} aria-label={source.name}>
      <h2>
        <StateMark state={health.mark} /> {source.name} <span className="quiet">{health.title}</span>
      </h2>
      {health.wrong && (
        <p>
          <Sentence text={health.wrong} />
        </p>
      )}
      {health.todo && <p className="quiet">{health.todo}</p>}
      <Facts>
        <Fact name={t("source.url")}>
          <Copyable text={source.url} />
        </Fact>
        <Fact name={t("source.size")} why={t("source.never")}>
          {source.fetched_at && (
            <>
              {size(source.bytes)}, <AgoExact at={source.fetched_at} />
            </>
          )}
        </Fact>
        <Fact name={t("source.signature")}>
          {t(source.signature_required ? "source.signature_required" : "source.signature_optional")}
        </Fact>
      </Facts>
      {fetching.error && <ErrorNote error={fetching.error} />}
      <div className={css.buttons}>
        {mayUpgrade(role) && (
          <Button variant="default" loading={fetching.isPending} onClick={() => fetching.mutate()}>
            {t("source.fetch")}
          </Button>
        )}
        {source.fetched_at && (
          <Button
            variant="default"
            component={Link}
            to={`/firmware?show=versions&open=new&from=${encodeURIComponent(source.name)}`}
          >
            {t("source.choose")}
          </Button>
        )}
        <span className="quiet" role="status">
          {asked === told ? t("source.fetching") : ""}
        </span>
      </div>
    </article>
  );
}

/** How a repository comes here, where there is none. */
export function NoSource() {
  return (
    <Empty title={t("source.none")}>
      <p>{t("source.none_how")}</p>
      <p>{t("source.none_snippet")}</p>
      <pre className={css.snippet}>
        <Copyable text={SNIPPET} mono />
      </pre>
      <p>
        <Sentence text={t("source.none_next")} />
      </p>
    </Empty>
  );
}

export function Sources({ tabs }: { tabs: ReactNode }) {
  const { data, error, isPending, refetch } = useSources();
  return (
    <SectionFrame label={t("firmware.section.sources")} tabs={tabs} aside={null} panel={null}>
      <div className={css.scroll}>
        {error && <ErrorNote error={error} retry={() => void refetch()} />}
        {isPending && <WaitingRows n={4} />}
        {data?.length === 0 && <NoSource />}
        {data && data.length > 0 && (
          <div className={css.sources}>
            <p className="quiet">{t("source.how")}</p>
            {data.map((source) => (
              <SourceCard key={source.name} source={source} />
            ))}
          </div>
        )}
      </div>
    </SectionFrame>
  );
}
