// Messages as rows: when, from whom, what became of it, what it says.
import type { ReactNode } from "react";
import type { Message } from "../api/types";
import { imeiTail } from "../domain/fleet";
import { t } from "../text/text";
import { Ago } from "../ui/Ago";
import { Empty } from "../ui/Empty";
import { ErrorNote } from "../ui/ErrorNote";
import list from "../ui/list.module.css";
import { MessageMark } from "../ui/StateMark";
import { VirtualList } from "../ui/VirtualList";
import { WaitingRows } from "../ui/Waiting";
import css from "./messages.module.css";

interface Props {
  messages: Message[];
  names: Map<string, string>;
  waiting: boolean;
  error: unknown;
  filtered: boolean;
  current: string | null;
  narrowed: boolean;
  older: ReactNode;
  onOpen(id: string): void;
  onHover(pointing: boolean): void;
  onScrolled(away: boolean): void;
  retry(): void;
}

function MessageRow({ message, name }: { message: Message; name: string }) {
  return (
    <div className={css.cells}>
      <span className={css.time}>
        <Ago at={message.received_at} />
      </span>
      <span className={css.sent}>{message.transmitted_at ? <Ago at={message.transmitted_at} /> : "–"}</span>
      <span className={css.device} title={message.imei}>
        {name}
        {message.device && <small>{imeiTail(message.imei)}</small>}
      </span>
      <span className={css.momsn}>{message.momsn ?? "–"}</span>
      <span className={css.state}>
        <MessageMark state={message.state} /> {t(`message.state.${message.state}`)}
      </span>
      <span className={css.trust}>{t(`trust.${message.trust}`)}</span>
      <span className={css.summary}>
        {message.summary ?? message.payload_text ?? <span className="mono">{message.payload_hex}</span>}
      </span>
      <span className={css.marks} title={message.marks.join("\n")}>
        {message.marks.length > 0 && t("message.marks", { n: message.marks.length })}
      </span>
    </div>
  );
}

export function MessageList(props: Props) {
  const { messages, names, waiting, error, filtered, current, older, onOpen, onHover, onScrolled } = props;
  if (waiting) return <WaitingRows n={16} />;
  if (messages.length === 0 && !error) {
    return filtered ? (
      <Empty title={t("message.none_found")}>{t("message.none_found_how")}</Empty>
    ) : (
      <Empty title={t("message.empty")}>{t("message.empty_how")}</Empty>
    );
  }
  return (
    <div className={css.table} data-narrowed={props.narrowed}>
      <div className={`${css.cells} ${list.head}`}>
        <span className={css.time}>{t("message.received")}</span>
        <span className={css.sent}>{t("message.sent")}</span>
        <span>{t("message.device")}</span>
        <span className={css.momsn}>{t("message.momsn")}</span>
        <span className={css.state}>{t("message.state")}</span>
        <span className={css.trust}>{t("message.trust")}</span>
        <span>{t("message.says")}</span>
        <span />
      </div>
      {error !== null && error !== undefined && <ErrorNote error={error} retry={props.retry} />}
      <VirtualList
        label={t("nav.messages")}
        items={messages}
        idOf={(message) => message.id}
        render={(message) => (
          <MessageRow message={message} name={message.device?.name ?? names.get(message.imei) ?? message.imei} />
        )}
        current={current}
        onOpen={onOpen}
        onHover={onHover}
        onScrolled={onScrolled}
        narrowRow={60}
        footer={<div className={css.older}>{older}</div>}
      />
    </div>
  );
}
