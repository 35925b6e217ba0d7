// A device's page once the device is known: its past on the left, its present beside it; one after the other on a phone.
import { useEffect, useMemo, useRef } from "react";
import { useNavigate } from "react-router";
import type { Modem } from "../api/types";
import { nameOf } from "../domain/fleet";
import { rangeBack, rangeIn } from "../domain/range";
import { spokenAt } from "../domain/timeline";
import { speedScale, type Track, trackOf } from "../domain/track";
import { RhythmBar } from "../fleet/RhythmBar";
import { useNow } from "../live/store";
import { MessagePanel } from "../messages/MessagePanel";
import { MtPanel } from "../outgoing/MtPanel";
import { t } from "../text/text";
import { usePreferences } from "../ui/preferences";
import { useAddress } from "../ui/useAddress";
import { elsewhere } from "../ui/useListKeys";
import { useNarrow } from "../ui/useNarrow";
import { DeviceHead, Share } from "./DeviceHead";
import css from "./devicepage.module.css";
import { Notes } from "./Notes";
import { Now } from "./Now";
import { Parts, partIn } from "./Parts";
import { Past } from "./Past";
import { CustomRange, RangeChoice } from "./Ranges";
import { Story, StoryKeys } from "./Story";
import { useMoment } from "./useMoment";
import { useReadings } from "./useReadings";
import { useStory } from "./useStory";

/** Escape goes back, unless it belongs to something nearer. */
function useEscape(back: () => void) {
  const latest = useRef(back);
  latest.current = back;
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => event.key === "Escape" && !elsewhere(event) && latest.current();
    document.addEventListener("keydown", onKey);
    return () => document.removeEventListener("keydown", onKey);
  }, []);
}

export default function Device({ modem }: { modem: Modem }) {
  const [search, change] = useAddress();
  const navigate = useNavigate();
  const now = useNow();
  const narrow = useNarrow();
  const { speed: unit } = usePreferences();
  const moment = useMoment();
  const name = nameOf(modem);

  useEffect(() => {
    document.title = `${name} · ${t("name")}`;
  }, [name]);

  const asked = rangeIn(search);
  // Counted back from when it was chosen: the start does not move while a person looks.
  const counted = useMemo(() => ({ ...rangeBack(asked.name, now), now }), [asked.name]);
  const from = asked.name === "custom" ? asked.from : counted.from;
  const to = asked.name === "custom" ? asked.to : counted.to;
  const history = useReadings(modem, from, to);
  const { told, silent } = history;
  const points = useMemo(() => trackOf(told, silent), [told, silent]);
  const scale = useMemo(() => speedScale(points, unit), [points, unit]);
  const track: Track = { name, imei: modem.imei, points };
  const start = from ?? told[0]?.at ?? counted.now - 86_400_000;
  const end = to ?? Math.max(counted.now, told.at(-1)?.at ?? 0);

  const story = useStory(modem);
  const message = search.get("message");
  const mt = search.get("mt");
  const opened = message ?? mt;
  const show = (id: string, replace: boolean) => {
    const entry = story.entries.find((one) => one.id === id);
    if (entry === undefined || entry.kind === "gap") return;
    if (entry.kind === "mt") return change({ mt: id, message: null }, replace);
    const at = told.find(({ reading }) => reading.message_id === id)?.at ?? Date.parse(spokenAt(entry.message));
    moment.choose(at);
    change({ message: id, mt: null }, replace);
  };
  const open = (id: string) => show(id, opened !== null);
  const close = () => change({ message: null, mt: null });
  const ofStory = { story, told, moment, onOpen: open };
  const part = partIn(search.get("show"), narrow);
  useEscape(() => {
    if (opened !== null) close();
    else if (moment.at !== null) moment.choose(null);
    else navigate("/");
  });
  const known = story.entries.find(({ id }) => id === opened);

  const ranges = <RangeChoice range={asked.name} start={start} end={end} />;
  const custom = asked.name === "custom" && <CustomRange key={`${asked.from} ${asked.to}`} start={start} end={end} />;
  const past = (
    <Past
      modem={modem}
      history={history}
      track={track}
      scale={scale}
      start={start}
      end={end}
      moment={moment}
      ranges={
        narrow && (
          <>
            {ranges}
            {custom}
          </>
        )
      }
      onMessage={(id) => change({ message: id, mt: null }, opened !== null)}
    />
  );
  return (
    <div className={css.page}>
      <DeviceHead
        modem={modem}
        tools={
          !narrow && (
            <>
              {ranges}
              <Share track={track} />
            </>
          )
        }
      />
      {!narrow && custom}
      {narrow && <Parts part={part} modem={modem} />}
      <div className={css.columns}>
        {part === "messages" && <StoryKeys {...ofStory} opened={opened} />}
        {!narrow && past}
        {narrow && part === "track" && past}
        {part !== "track" && !(opened !== null && !narrow) && (
          <div className={css.side}>
            {!narrow && (
              <>
                <RhythmBar modem={modem} />
                <Parts part={part} modem={modem} />
              </>
            )}
            {part === "now" && <Now modem={modem} withRhythm={narrow} />}
            {part === "messages" && <Story {...ofStory} />}
            {part === "notes" && <Notes modem={modem} />}
          </div>
        )}
        {message !== null && (
          <MessagePanel id={message} known={known?.kind === "message" ? known.message : undefined} onClose={close} />
        )}
        {message === null && mt !== null && (
          <MtPanel id={mt} known={known?.kind === "mt" ? known.mt : undefined} onClose={close} />
        )}
      </div>
    </div>
  );
}
