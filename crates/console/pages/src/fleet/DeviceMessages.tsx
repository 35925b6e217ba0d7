// The newest messages of a device, live.
import { useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { Link } from "react-router";
import * as calls from "../api/calls";
import type { Message, Modem } from "../api/types";
import { mergeMessages } from "../live/reducer";
import { useLive } from "../live/store";
import { t } from "../text/text";
import { Ago } from "../ui/Ago";
import { ErrorNote } from "../ui/ErrorNote";
import { Part } from "../ui/Facts";
import { MessageMark } from "../ui/StateMark";
import css from "./device.module.css";

const SHOWN = 12;

/** A device's own story is told by when it spoke, not by when that reached us. */
const spokenAt = (message: Message) => message.transmitted_at ?? message.received_at;
const newestSpoken = (a: Message, b: Message) => Date.parse(spokenAt(b)) - Date.parse(spokenAt(a));

export function DeviceMessages({ modem }: { modem: Modem }) {
  const live = useLive((picture) => picture.messages);
  const epoch = useLive((picture) => picture.epoch);
  const { data, error, refetch } = useQuery({
    queryKey: ["messages", "of", modem.id, epoch],
    queryFn: () => calls.messages({ modem_id: modem.id }, null, SHOWN),
  });
  const shown = useMemo(() => {
    const fresh = live.filter((m) => m.modem_id === modem.id);
    return mergeMessages(fresh, data?.items ?? [])
      .sort(newestSpoken)
      .slice(0, SHOWN);
  }, [live, data, modem.id]);
  const all = (
    <Link className="link" to={`/messages?device=${modem.id}`}>
      {t("device.messages_all")}
    </Link>
  );
  return (
    <Part title={t("device.messages")} aside={all}>
      {error && <ErrorNote error={error} retry={() => void refetch()} />}
      <ul className={css.lines}>
        {shown.map((message) => (
          <li key={message.id}>
            <MessageMark state={message.state} />
            <Link className={css.summary} to={`/messages?device=${modem.id}&message=${message.id}`}>
              {message.summary ?? message.payload_text ?? t(`message.state.${message.state}`)}
            </Link>
            <span className="quiet">
              <Ago at={spokenAt(message)} />
            </span>
          </li>
        ))}
      </ul>
      {data && shown.length === 0 && <p className="quiet">{t("device.messages_none")}</p>}
    </Part>
  );
}
