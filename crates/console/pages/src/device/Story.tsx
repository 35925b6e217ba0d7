// What a device said, was told, and what never arrived, as one list that grows as one scrolls.
import { Skeleton } from "@mantine/core";
import { memo, useEffect, useMemo, useRef } from "react";
import { orderWords } from "../domain/orders";
import { standingAt, type Told } from "../domain/readings";
import { type Entry, spokenAt } from "../domain/timeline";
import { gapText } from "../fleet/DeviceTrouble";
import { t } from "../text/text";
import { Ago } from "../ui/Ago";
import { Empty } from "../ui/Empty";
import { ErrorNote } from "../ui/ErrorNote";
import { MessageMark, MtMark, StateMark } from "../ui/StateMark";
import { useListKeys } from "../ui/useListKeys";
import { VirtualList } from "../ui/VirtualList";
import css from "./devicepage.module.css";
import { type Moment, useMomentValue } from "./moment";
import type { StoryLists } from "./useStory";

/** Two lines: what we made of it, and what it was. */
const ROW = 52;

const Row = memo(function Row({ entry }: { entry: Entry }) {
  if (entry.kind === "gap") {
    const { gap } = entry;
    return (
      <div className={css.entry}>
        <StateMark state="never" />
        <span className={css.first}>{t("story.gap", { n: gap.count })}</span>
        <span className={css.when}>
          <Ago at={gap.before_at} />
        </span>
        <span className={css.second}>{gapText(gap)}</span>
      </div>
    );
  }
  if (entry.kind === "mt") {
    const { mt } = entry;
    return (
      <div className={css.entry}>
        <MtMark state={mt.state} />
        <span className={css.first}>{t("story.told", { order: orderWords(mt.order) })}</span>
        <span className={css.when}>
          <Ago at={mt.created_at} />
        </span>
        <span className={css.second} title={mt.cause}>
          {t(`outgoing.state.${mt.state}`)} · {mt.cause}
        </span>
      </div>
    );
  }
  const { message } = entry;
  const number = message.momsn === null ? t("story.no_momsn") : t("story.momsn", { momsn: String(message.momsn) });
  const raw = message.payload_text ?? message.payload_hex;
  return (
    <div className={css.entry}>
      <MessageMark state={message.state} />
      <span className={css.first} title={message.summary ?? undefined}>
        {message.summary ?? t(`message.no_summary.${message.state}`)}
      </span>
      <span className={css.when}>
        <Ago at={spokenAt(message)} />
      </span>
      <span className={css.second} title={raw}>
        {number}
        {raw !== "" && (
          <>
            {" · "}
            <span className="mono">{raw}</span>
          </>
        )}
      </span>
      {message.marks.length > 0 && (
        <span className={css.marks} title={message.marks.join("\n")}>
          {t("message.marks", { n: message.marks.length })}
        </span>
      )}
    </div>
  );
});

/** Reads on when it comes in sight. */
function Further({ story }: { story: StoryLists }) {
  const place = useRef<HTMLParagraphElement>(null);
  const { readOn } = story;
  useEffect(() => {
    if (place.current === null) return;
    const watch = new IntersectionObserver(([seen]) => seen?.isIntersecting && readOn(), { rootMargin: "400px" });
    watch.observe(place.current);
    return () => watch.disconnect();
  }, [readOn]);
  return (
    <p ref={place} className={css.further}>
      {t(story.more ? "story.reading" : "story.end")}
    </p>
  );
}

interface Props {
  story: StoryLists;
  told: Told[];
  moment: Moment;
  onOpen(id: string): void;
}

/** The message that stands at the moment chosen. */
function useStanding(told: Told[], moment: Moment): string | null {
  return useMomentValue(moment, ({ at }) =>
    at === null ? null : (told[standingAt(told, at)]?.reading.message_id ?? null),
  );
}

/** Arrows move through the story, also while one of it is open beside it. */
export function StoryKeys({ story, told, moment, opened, onOpen }: Props & { opened: string | null }) {
  const standing = useStanding(told, moment);
  const { entries } = story;
  useListKeys({
    ids: useMemo(() => entries.filter(({ kind }) => kind !== "gap").map(({ id }) => id), [entries]),
    current: opened ?? standing,
    move: onOpen,
    open: onOpen,
    back: () => {},
  });
  return null;
}

export function Story({ story, told, moment, onOpen }: Props) {
  const { entries, waiting, error } = story;
  const current = useStanding(told, moment);
  if (waiting && entries.length === 0) {
    return Array.from({ length: 10 }, (_, i) => (
      <div key={i} className={css.entryWaiting}>
        <Skeleton height={14} width={`${90 - ((i * 11) % 40)}%`} />
        <Skeleton height={10} width={`${70 - ((i * 7) % 30)}%`} />
      </div>
    ));
  }
  return (
    <>
      {error !== null && error !== undefined && <ErrorNote error={error} retry={story.retry} />}
      {entries.length === 0 && !error && !story.more ? (
        <Empty title={t("message.empty")}>{t("range.empty_never")}</Empty>
      ) : (
        <VirtualList
          label={t("story.label")}
          items={entries}
          idOf={(entry) => entry.id}
          render={(entry) => <Row entry={entry} />}
          current={current}
          onOpen={onOpen}
          wideRow={ROW}
          narrowRow={ROW + 4}
          footer={!error && <Further story={story} />}
        />
      )}
    </>
  );
}
