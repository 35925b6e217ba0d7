// The moment as a slider over the range: dragged, stepped from message to message, or played.
import { ActionIcon } from "@mantine/core";
import { IconPlayerPause, IconPlayerPlay } from "@tabler/icons-react";
import { type KeyboardEvent, useEffect, useState } from "react";
import { standingAt, type Told } from "../domain/readings";
import { exact } from "../domain/time";
import { t } from "../text/text";
import { usePreferences } from "../ui/preferences";
import css from "./devicepage.module.css";
import { type Moment, useShown } from "./moment";

interface Props {
  told: Told[];
  range: [number, number];
  moment: Moment;
}

/** A whole range plays in this time. */
const PLAYED_IN_MS = 20_000;
/** Without motion it goes from message to message, so long each. */
const STEP_MS = 600;
const BACK = ["ArrowLeft", "ArrowDown"];
const STEPS: Record<string, number> = {
  ArrowLeft: -1,
  ArrowDown: -1,
  ArrowRight: 1,
  ArrowUp: 1,
  PageDown: -10,
  PageUp: 10,
};

/** Lets time run until it has come to the end or is stopped. */
function usePlay({ told, range, moment }: Props, playing: boolean, stop: () => void) {
  const [start, end] = range;
  useEffect(() => {
    if (!playing) return;
    const still = window.matchMedia("(prefers-reduced-motion: reduce)").matches;
    let before = performance.now();
    let at = moment.at === null || moment.at >= (told.at(-1)?.at ?? end) ? start : moment.at;
    let frame = 0;
    const step = (time: number) => {
      if (still) {
        frame = requestAnimationFrame(step);
        if (time - before < STEP_MS) return;
        at = told[standingAt(told, at) + 1]?.at ?? end;
      } else {
        at += ((time - before) / PLAYED_IN_MS) * (end - start);
        frame = requestAnimationFrame(step);
      }
      before = time;
      if (at < (told.at(-1)?.at ?? end)) return moment.choose(Math.round(at));
      cancelAnimationFrame(frame);
      moment.choose(null);
      stop();
    };
    frame = requestAnimationFrame(step);
    return () => cancelAnimationFrame(frame);
  }, [playing, told, start, end, moment, stop]);
}

export function TimeSlider({ told, range, moment }: Props) {
  const [playing, setPlaying] = useState(false);
  const [stop] = useState(() => () => setPlaying(false));
  const shown = useShown(moment);
  const { zone } = usePreferences();
  const [start, end] = range;
  usePlay({ told, range, moment }, playing, stop);
  const newest = told.at(-1)?.at ?? end;

  /** At the end it is the newest, which stays so when another comes. */
  const choose = (at: number) => {
    stop();
    moment.choose(at >= newest ? null : at);
  };
  const onKey = (event: KeyboardEvent) => {
    const steps = STEPS[event.key];
    if (steps === undefined) return;
    event.preventDefault();
    const at = moment.at ?? newest;
    const standing = standingAt(told, at);
    // Between two messages the first step back leads to the one that stands.
    const between = BACK.includes(event.key) && told[standing]?.at !== at ? 1 : 0;
    const next = told[Math.min(told.length - 1, Math.max(0, standing + steps + between))];
    if (next) choose(next.at);
  };
  return (
    <div className={css.slider}>
      <ActionIcon
        variant="subtle"
        color="gray"
        size={36}
        className={css.play}
        disabled={told.length < 2}
        onClick={() => setPlaying(!playing)}
        aria-label={t(playing ? "moment.pause" : "moment.play")}
        title={t(playing ? "moment.pause" : "moment.play")}
      >
        {playing ? <IconPlayerPause size={18} stroke={1.6} /> : <IconPlayerPlay size={18} stroke={1.6} />}
      </ActionIcon>
      <input
        type="range"
        aria-label={t("moment.slider")}
        aria-valuetext={shown === null ? t("moment.now") : exact(shown, zone)}
        min={start}
        max={end}
        step={1}
        value={Math.min(end, Math.max(start, shown ?? end))}
        disabled={told.length === 0}
        onChange={(e) => choose(Number(e.currentTarget.value))}
        onKeyDown={onKey}
      />
    </div>
  );
}
