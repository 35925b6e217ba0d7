// How a device is now, what it can be told, and what is not as it should be: the parts of the panel, on its page.
import type { Modem } from "../api/types";
import { DeviceGaps, DeviceProblems } from "../fleet/DeviceTrouble";
import { DeviceIdentity, DeviceValues } from "../fleet/DeviceValues";
import { RhythmBar } from "../fleet/RhythmBar";
import { HowTold } from "../tell/HowTold";
import { TellIt } from "../tell/TellIt";
import css from "./devicepage.module.css";

export function Now({ modem, withRhythm }: { modem: Modem; withRhythm: boolean }) {
  return (
    <div className={css.scroll}>
      {withRhythm && <RhythmBar modem={modem} />}
      <DeviceProblems modem={modem} />
      <DeviceValues modem={modem} />
      <TellIt modem={modem} />
      <DeviceGaps modem={modem} />
      <DeviceIdentity modem={modem} />
      <HowTold modem={modem} />
    </div>
  );
}
