// From an empty server to a device's first message: what to enter at the provider, a test, and what came in, live.
import { Button } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { Link } from "react-router";
import { firstRun, putAway } from "../api/calls";
import { useSession } from "../api/session";
import type { FirstRun } from "../api/types";
import { relative } from "../domain/time";
import { type Progress, progress, unreachable } from "../domain/welcome";
import { useNow } from "../live/store";
import { BecomePerson } from "../me/BecomePerson";
import { t } from "../text/text";
import { Copyable } from "../ui/Copyable";
import { ErrorNote } from "../ui/ErrorNote";
import { Fact, Facts } from "../ui/Facts";
import form from "../ui/form.module.css";
import { Headline, Page, Section } from "../ui/Page";
import { Sentence } from "../ui/Sentence";
import { type Mark, StateMark } from "../ui/StateMark";
import { WaitingLines } from "../ui/Waiting";
import { CameIn } from "./CameIn";
import { FIRST_RUN_KEY } from "./FirstRunOffer";
import { TestPush } from "./TestPush";
import css from "./welcome.module.css";

const EVERY_MS = 3000;
const MARKS: Record<Progress, Mark> = { waiting: "never", tested: "never", arrived: "ok", over: "all" };

function Answer({ seen }: { seen: FirstRun }) {
  const now = useNow();
  const at = progress(seen);
  return (
    <>
      <span className="hidden" role="status">
        {t(`welcome.${at}`)}
      </span>
      <Headline mark={MARKS[at]} title={t(`welcome.${at}`)}>
        {at === "arrived" && seen.last_push ? (
          <>
            <p>{t("welcome.arrived_how", { imei: seen.last_push.imei, ago: relative(seen.last_push.at, now) })}</p>
            <div className={form.buttons}>
              <Button component={Link} to="/">
                {t("welcome.fleet")}
              </Button>
            </div>
          </>
        ) : (
          at !== "arrived" && <p>{t(`welcome.${at}_how`)}</p>
        )}
      </Headline>
    </>
  );
}

function Webhook({ seen }: { seen: FirstRun }) {
  const kept = unreachable(seen.webhook_url);
  return (
    <Section title={t("welcome.webhook")}>
      <p className={css.url}>
        <Copyable text={seen.webhook_url} mono />
      </p>
      {kept && (
        <p className={css.warning}>
          <StateMark state="late" />
          <span>
            <Sentence text={t(`welcome.only_${kept}`)} />
          </span>
        </p>
      )}
      {seen.has_secret_path && (
        <p className="quiet">
          <Sentence text={t("welcome.secret")} />
        </p>
      )}
      <Facts>
        <Fact name={t("welcome.trust")} why={t("welcome.trust_none")}>
          {seen.require_trust && t(`welcome.trust.${seen.require_trust}`)}
        </Fact>
      </Facts>
    </Section>
  );
}

function Provider() {
  return (
    <Section title={t("welcome.provider")}>
      <ol className={css.steps}>
        {(["welcome.step1", "welcome.step2", "welcome.step3"] as const).map((step) => (
          <li key={step}>
            <Sentence text={t(step)} />
          </li>
        ))}
      </ol>
    </Section>
  );
}

/** Offered as long as the session is nobody's; afterwards it says that it is done. */
function Person() {
  const { may_become_person } = useSession();
  const [made, setMade] = useState<string | null>(null);
  if (!may_become_person && made === null) return null;
  return (
    <Section title={t("welcome.person")}>
      {made === null ? (
        <>
          <p className="quiet">{t("welcome.person_how")}</p>
          <BecomePerson onDone={setMade} />
        </>
      ) : (
        <p className={css.warning} role="status">
          <StateMark state="ok" />
          <span>{t("welcome.person_done", { name: made })}</span>
        </p>
      )}
    </Section>
  );
}

function PutAway() {
  const { role } = useSession();
  const client = useQueryClient();
  const putting = useMutation({
    mutationFn: putAway,
    onSuccess: () => client.invalidateQueries({ queryKey: FIRST_RUN_KEY }),
  });
  if (role !== "admin") return <p className="quiet">{t("welcome.put_away_admin")}</p>;
  return (
    <div className={css.away}>
      <p className="quiet">{t("welcome.put_away_effect")}</p>
      <div className={form.buttons}>
        <Button variant="default" loading={putting.isPending} onClick={() => putting.mutate()}>
          {t("welcome.put_away_do")}
        </Button>
      </div>
      {putting.error && <ErrorNote error={putting.error} />}
    </div>
  );
}

export default function WelcomePage() {
  const { data, error, refetch } = useQuery({
    queryKey: FIRST_RUN_KEY,
    queryFn: firstRun,
    refetchInterval: EVERY_MS,
    staleTime: 0,
  });
  return (
    <Page>
      {error && <ErrorNote error={error} retry={() => void refetch()} />}
      {data ? (
        <>
          <Answer seen={data} />
          <Webhook seen={data} />
          <Provider />
          <TestPush />
          <Section title={t("welcome.came")}>
            <CameIn seen={data} />
          </Section>
          <Person />
          {!data.done && <PutAway />}
        </>
      ) : (
        !error && <WaitingLines />
      )}
    </Page>
  );
}
