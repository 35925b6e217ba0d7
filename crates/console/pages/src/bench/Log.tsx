// What was said both ways, newest first: in words, or raw as it came.
import { Button } from "@mantine/core";
import { IconArrowDownRight, IconArrowUpLeft, IconPoint } from "@tabler/icons-react";
import { memo, useEffect, useMemo, useState } from "react";
import { lineWords } from "../domain/benchWords";
import type { LogLine } from "../domain/line";
import { clockSeconds, exact, type Zone } from "../domain/time";
import { t } from "../text/text";
import { Choices } from "../ui/Choices";
import { copy } from "../ui/Copyable";
import { Empty } from "../ui/Empty";
import { usePreferences } from "../ui/preferences";
import { useAddress } from "../ui/useAddress";
import css from "./bench.module.css";
import { useLine } from "./useLine";

const VIEWS = ["words", "raw"] as const;
type View = (typeof VIEWS)[number];

const SIGNS = { up: IconArrowUpLeft, down: IconArrowDownRight, here: IconPoint } as const;

const Line = memo(function Line({ line, view, zone }: { line: LogLine; view: View; zone: Zone }) {
  const Sign = SIGNS[line.way];
  const raw = view === "raw" && line.way !== "here";
  return (
    <li className={css.line} data-way={line.way}>
      <time dateTime={new Date(line.at).toISOString()} title={exact(line.at, zone)}>
        {clockSeconds(line.at, zone)}
      </time>
      <Sign className={css.way} size={14} role="img" aria-label={t(`bench.log.${line.way}`)} />
      <span className={raw ? `${css.words} mono` : css.words}>{raw ? line.text : lineWords(line)}</span>
      {line.way === "down" && line.who !== null && <small>{t("bench.log.by", { who: line.who })}</small>}
    </li>
  );
});

/** The lines as they are copied: exact times, ways as arrows, texts verbatim. */
function asText(lines: readonly LogLine[], zone: Zone): string {
  const ways = { up: "<", down: ">", here: "#" };
  return lines
    .map(({ at, way, who, text }) => [exact(at, zone), ways[way], who, text].filter(Boolean).join("\t"))
    .join("\n");
}

function Copy({ lines }: { lines: readonly LogLine[] }) {
  const { zone } = usePreferences();
  const [copied, setCopied] = useState(false);
  useEffect(() => {
    if (!copied) return;
    const timer = setTimeout(() => setCopied(false), 1500);
    return () => clearTimeout(timer);
  }, [copied]);
  return (
    <Button
      variant="default"
      disabled={lines.length === 0}
      onClick={async () => setCopied(await copy(asText(lines, zone)))}
    >
      {t(copied ? "action.copied" : "bench.log.copy")}
    </Button>
  );
}

export function Log() {
  const [search, change] = useAddress();
  const { zone } = usePreferences();
  const all = useLine((state) => state.log);
  const [paused, setPaused] = useState<readonly LogLine[] | null>(null);
  const view = VIEWS.find((one) => one === search.get("log")) ?? "words";
  const lines = paused ?? all;
  const shown = useMemo(
    () => (view === "raw" ? lines : lines.filter((line) => lineWords(line) !== null)).toReversed(),
    [lines, view],
  );
  const before = paused?.at(-1)?.n ?? 0;
  const news = paused === null ? 0 : all.filter(({ n }) => n > before).length;
  return (
    <section className={css.log} aria-label={t("bench.log")}>
      <header className={css.logHead}>
        <h2>{t("bench.log")}</h2>
        <Choices
          label={t("bench.log.view")}
          values={VIEWS}
          chosen={view}
          words={(one) => t(`bench.log.${one}`)}
          onChoose={(one) => change({ log: one === "words" ? null : one }, true)}
        />
        <Button
          variant="default"
          aria-pressed={paused !== null}
          onClick={() => setPaused(paused === null ? all : null)}
        >
          {paused === null ? t("bench.log.pause") : t("bench.log.go_on", { n: news })}
        </Button>
        <Copy lines={lines} />
      </header>
      {shown.length === 0 ? (
        <Empty title={t("bench.log.empty")}>
          {t(all.length > 0 ? "bench.log.empty_words" : "bench.log.empty_how")}
        </Empty>
      ) : (
        <ul
          className={css.lines}
          aria-label={t("bench.log")}
          // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be in reach of the keyboard.
          tabIndex={0}
        >
          {shown.map((line) => (
            <Line key={line.n} line={line} view={view} zone={zone} />
          ))}
        </ul>
      )}
    </section>
  );
}

/** On a phone, what happened last stays in sight while a person presses buttons. */
export function LastWord() {
  const { zone } = usePreferences();
  const log = useLine((state) => state.log);
  const last = useMemo(() => log.findLast((line) => lineWords(line) !== null), [log]);
  if (last === undefined) return null;
  return (
    <p className={css.last} role="status">
      <span className="quiet">{clockSeconds(last.at, zone)}</span>
      <span>{lineWords(last)}</span>
    </p>
  );
}
