// One message to a device whole: how far it has come and why, what can be done, what it costs, and its history.
import { Skeleton } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { Link } from "react-router";
import * as calls from "../api/calls";
import type { Mt, MtDetail } from "../api/types";
import { nameOf } from "../domain/fleet";
import { bytesOf, orderWords } from "../domain/orders";
import { isOpen, wakeSentence } from "../domain/outgoing";
import { laterWord } from "../live/reducer";
import { useLive, useNow } from "../live/store";
import { t } from "../text/text";
import { Ago, AgoExact } from "../ui/Ago";
import { Copyable } from "../ui/Copyable";
import { ErrorNote } from "../ui/ErrorNote";
import { Fact, Facts, Part } from "../ui/Facts";
import { usePreferences } from "../ui/preferences";
import { Sentence } from "../ui/Sentence";
import { SidePanel } from "../ui/SidePanel";
import { MtMark } from "../ui/StateMark";
import css from "./outgoing.module.css";
import { CallOff, Decide } from "./Settle";
import { StepLine } from "./StepLine";
import steps from "./steps.module.css";

/** When it is heard; only while it is on its way there. */
function Heard({ mt, detail }: { mt: Mt; detail: MtDetail | undefined }) {
  const now = useNow();
  const { zone } = usePreferences();
  const modem = useLive((live) => live.modems.get(mt.modem_id));
  if (detail === undefined || (mt.state !== "queued" && mt.state !== "accepted")) return null;
  const { expected_at, before } = detail;
  const wakes = modem?.dialect === "v3_buoy" ? before + 1 : 1;
  const sentence = wakeSentence({ expected_at, before, wakes }, modem?.interval_s ?? 0, now, zone);
  return <p>{sentence}</p>;
}

function Head({ mt, detail }: { mt: Mt; detail: MtDetail | undefined }) {
  return (
    <div className={css.mtHead}>
      <p>
        <MtMark state={mt.state} /> <b>{t(`outgoing.state.${mt.state}`)}</b>{" "}
        <span className="quiet">
          <Ago at={mt.state_since} />
        </span>
      </p>
      <StepLine mt={mt} />
      <p>
        <Sentence text={mt.cause} />
      </p>
      <Heard mt={mt} detail={detail} />
      <CallOff mt={mt} />
    </div>
  );
}

function About({ mt }: { mt: Mt }) {
  const modem = useLive((live) => live.modems.get(mt.modem_id));
  return (
    <Part title={t("mt.facts")}>
      <Facts>
        <Fact name={t("outgoing.device")}>
          <Link className="link" to={`/?device=${mt.modem_id}`}>
            {modem ? nameOf(modem) : mt.imei}
          </Link>
        </Fact>
        {isOpen(mt.state) && <Fact name={t("mt.proof")}>{t(`proof.${mt.proof}`)}</Fact>}
        {mt.confirmed_by && (
          <Fact name={t("mt.shown_by")}>
            <Link className="link" to={`/messages?message=${mt.confirmed_by}`}>
              {t("mt.shown_by_link")}
            </Link>
          </Fact>
        )}
        <Fact name={t("mt.credits")}>{t("mt.credits_value", { credits: t("credits", { n: mt.credits }) })}</Fact>
        <Fact name={t("mt.attempts")}>{String(mt.attempts)}</Fact>
        <Fact name={t("outgoing.account")}>{mt.account}</Fact>
        {mt.provider_id && (
          <Fact name={t("mt.provider_id")}>
            <Copyable text={mt.provider_id} />
          </Fact>
        )}
        <Fact name={t("mt.by")}>{mt.created_by}</Fact>
        {mt.asked_by_message && (
          <Fact name={t("mt.by_message")}>
            <Link className="link" to={`/messages?message=${mt.asked_by_message}`}>
              {t("mt.by_message_link")}
            </Link>
          </Fact>
        )}
        <Fact name={t("mt.at")}>
          <AgoExact at={mt.created_at} />
        </Fact>
        {mt.sent_at && (
          <Fact name={t("mt.sent_at")}>
            <AgoExact at={mt.sent_at} />
          </Fact>
        )}
        {mt.state === "queued" && (
          <>
            {mt.next_try_at && (
              <Fact name={t("mt.next_try")}>
                <AgoExact at={mt.next_try_at} />
              </Fact>
            )}
            <Fact name={t("mt.expires")}>
              <AgoExact at={mt.expires_at} />
            </Fact>
          </>
        )}
      </Facts>
    </Part>
  );
}

function History({ of }: { of: MtDetail["steps"] }) {
  const newest = [...of].reverse();
  return (
    <Part title={t("mt.steps")}>
      <ol className={steps.history}>
        {newest.map((step, i) => (
          <li key={i}>
            <MtMark state={step.state} size={10} />
            <span>{t(`outgoing.state.${step.state}`)}</span>
            <span className="quiet">
              <Ago at={step.at} />
            </span>
            <p>
              <Sentence text={step.cause} />
            </p>
          </li>
        ))}
      </ol>
    </Part>
  );
}

export function MtPanel({ id, known, onClose }: { id: string; known: Mt | undefined; onClose(): void }) {
  const { data, error, refetch } = useQuery({
    queryKey: ["outgoing", "one", id, known?.state_since, known?.attempts],
    queryFn: () => calls.outgoingOne(id),
    placeholderData: (old) => (old?.mt.id === id ? old : undefined),
  });
  const mt = data && known ? laterWord(data.mt, known) : (data?.mt ?? known);
  return (
    <SidePanel label={t("outgoing.panel")} title={mt ? orderWords(mt.order) : t("outgoing.panel")} onClose={onClose}>
      {mt && (
        <>
          <Head mt={mt} detail={data} />
          {mt.state === "unknown" && (
            <Part title={t("decide.title")}>
              <Decide mt={mt} />
            </Part>
          )}
          <Part title={t("mt.said")} aside={t("mt.bytes", { n: bytesOf(mt.text) })}>
            <div className={css.raw}>
              <Copyable text={mt.text} />
            </div>
          </Part>
          <About mt={mt} />
        </>
      )}
      {data && <History of={data.steps} />}
      {error && <ErrorNote error={error} retry={() => void refetch()} />}
      {!data && !error && (
        <div style={{ padding: 16 }}>
          <Skeleton height={80} />
        </div>
      )}
    </SidePanel>
  );
}
