// One message whole: what we made of it, why values are absent, its bytes, and where it came from.

import { Skeleton } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { Link } from "react-router";
import * as calls from "../api/calls";
import type { Message, MessageDetail, Reading } from "../api/types";
import { nameOf } from "../domain/fleet";
import { readingLines } from "../domain/reading";
import { useLive } from "../live/store";
import { WentPart } from "../routes/WentPart";
import { t, tWord } from "../text/text";
import { AgoExact } from "../ui/Ago";
import { Copyable } from "../ui/Copyable";
import { ErrorNote } from "../ui/ErrorNote";
import { Fact, Facts, Part } from "../ui/Facts";
import { usePreferences } from "../ui/preferences";
import { Sentence } from "../ui/Sentence";
import { SidePanel } from "../ui/SidePanel";
import { MessageMark } from "../ui/StateMark";
import css from "./messages.module.css";

function Read({ of }: { of: Reading }) {
  const choices = usePreferences();
  return (
    <Facts>
      {readingLines(of, choices).map(([name, value]) => (
        <Fact key={name} name={name}>
          <Copyable text={value} />
        </Fact>
      ))}
    </Facts>
  );
}

/** What the provider pushed, exactly as it said it; what is nested is shown as JSON. */
function Pushed({ of }: { of: Record<string, unknown> }) {
  return (
    <Facts>
      {Object.entries(of).map(([name, value]) => {
        if (value === null || (typeof value === "object" && Object.keys(value).length === 0)) return null;
        const text = typeof value === "object" ? JSON.stringify(value) : String(value);
        return (
          <Fact key={name} name={tWord("read", name)}>
            <Copyable text={text} />
          </Fact>
        );
      })}
    </Facts>
  );
}

function Head({ message }: { message: Message }) {
  const modem = useLive((live) => (message.modem_id === null ? undefined : live.modems.get(message.modem_id)));
  return (
    <Part title={t("message.made")}>
      <p className={css.sentence}>{message.summary ?? t(`message.no_summary.${message.state}`)}</p>
      <Facts>
        <Fact name={t("message.state")}>
          <MessageMark state={message.state} /> {t(`message.state.${message.state}`)}
        </Fact>
        <Fact name={t("message.device")}>
          {message.modem_id === null ? (
            <Copyable text={message.imei} />
          ) : (
            <Link className="link" to={`/?device=${message.modem_id}`}>
              {message.device?.name ?? (modem ? nameOf(modem) : message.imei)}
            </Link>
          )}
          {message.device && message.modem_id !== null && (
            <span className="quiet">
              {" "}
              · <Copyable text={message.imei} />
            </span>
          )}
        </Fact>
        <Fact name={t("message.received")}>
          <AgoExact at={message.received_at} />
        </Fact>
        <Fact name={t("message.sent")} why={t("message.unreadable_time", { raw: message.transmit_time_raw ?? "–" })}>
          {message.transmitted_at && <AgoExact at={message.transmitted_at} />}
        </Fact>
        <Fact name={t("message.momsn")}>{message.momsn !== null && String(message.momsn)}</Fact>
        <Fact name={t("message.trust")}>{t(`trust.${message.trust}`)}</Fact>
        {message.replaces && (
          <Fact name={t("message.replaces")}>
            <Link className="link" to={`/messages?message=${message.replaces}`}>
              {t("message.replaces_link")}
            </Link>
          </Fact>
        )}
      </Facts>
    </Part>
  );
}

function Payload({ message }: { message: Message }) {
  return (
    <>
      {message.marks.length > 0 && (
        <Part title={t("message.why")}>
          <ul className={css.markList}>
            {message.marks.map((mark) => (
              <li key={mark}>
                <Sentence text={mark} />
              </li>
            ))}
          </ul>
        </Part>
      )}
      {message.payload_text !== null && (
        <Part title={t("message.text")}>
          <div className={css.raw}>
            <Copyable text={message.payload_text} />
          </div>
        </Part>
      )}
      <Part title={t("message.hex")} aside={t("message.bytes", { n: Math.ceil(message.payload_hex.length / 2) })}>
        <div className={css.raw}>
          {message.payload_hex === "" ? t("message.no_payload") : <Copyable text={message.payload_hex} />}
        </div>
      </Part>
    </>
  );
}

function Source({ detail }: { detail: MessageDetail }) {
  const { source, push, reading } = detail;
  return (
    <>
      {reading && (
        <Part title={t("message.reading")}>
          <Read of={reading} />
        </Part>
      )}
      <Part title={t("message.push")}>
        <Pushed of={push} />
      </Part>
      {source.differences.length > 0 && (
        <Part title={t("message.differences")}>
          <ul className={css.markList}>
            {source.differences.map((difference) => (
              <li key={difference}>
                <Sentence text={difference} />
              </li>
            ))}
          </ul>
        </Part>
      )}
      <Part title={t("message.source")}>
        <Facts>
          <Fact name={t("message.provider")}>{source.provider}</Fact>
          <Fact name={t("message.address")}>{source.source_address && <Copyable text={source.source_address} />}</Fact>
          <Fact name={t("message.content_type")}>{source.content_type}</Fact>
          {Object.entries(source.headers).map(([name, value]) => (
            <Fact key={name} name={name}>
              {value}
            </Fact>
          ))}
        </Facts>
        <div className={css.raw} style={{ marginTop: 10 }}>
          <Copyable text={source.body} />
        </div>
      </Part>
    </>
  );
}

export function MessagePanel({ id, known, onClose }: { id: string; known: Message | undefined; onClose(): void }) {
  const { data, error, refetch } = useQuery({
    queryKey: ["message", id, known?.state],
    queryFn: () => calls.message(id),
  });
  const message = data?.message ?? known;
  return (
    <SidePanel label={t("message.panel")} title={t("message.panel")} onClose={onClose}>
      {message && <Head message={message} />}
      {message && <WentPart messageId={id} />}
      {message && <Payload message={message} />}
      {data && <Source detail={data} />}
      {error && <ErrorNote error={error} retry={() => void refetch()} />}
      {!data && !error && (
        <div style={{ padding: 16 }}>
          <Skeleton height={80} />
        </div>
      )}
    </SidePanel>
  );
}
