// Whether the device is there, what it is at, and what it can be asked.
import { Button } from "@mantine/core";
import { figure, leavesTheLine, ORDERS } from "../domain/bench";
import { appWords } from "../domain/benchWords";
import { span } from "../domain/time";
import { volts } from "../domain/units";
import { useNow, useSpeed } from "../live/store";
import type { Room } from "../registry/apiTypes";
import { t } from "../text/text";
import { Ago } from "../ui/Ago";
import { Copyable } from "../ui/Copyable";
import { Fact, Facts } from "../ui/Facts";
import { Sentence } from "../ui/Sentence";
import { StateMark } from "../ui/StateMark";
import css from "./bench.module.css";
import { OrderButton } from "./OrderButton";
import { useLine, useOrder, useWake } from "./useLine";

/** Whether the device was never on the line, as far as it is known: it said nothing, and came from nowhere. */
const never = ({ presence, values_at, address }: Room) =>
  !presence.connected && values_at === null && (address ?? null) === null;

/** `On the line since 12 min · 4.03 V`, in the head of the page. */
export function Standing() {
  const room = useLine((state) => state.room);
  const told = useLine((state) => state.bench.told);
  const next = useLine((state) => state.bench.next);
  const battery = figure(told.get("batt/main_v")?.value);
  return (
    <>
      {room && (
        <span className={css.standing}>
          <StateMark state={room.presence.connected ? "ok" : "never"} />
          <b>{t(room.presence.connected ? "bench.connected" : never(room) ? "bench.never" : "bench.absent")}</b>
          {!never(room) && (
            <span className="quiet">
              {t(room.presence.connected ? "registry.came" : "registry.left")} <Ago past at={room.presence.since} />
            </span>
          )}
        </span>
      )}
      {battery !== null && <span className="quiet">{volts(battery)} V</span>}
      {next !== null && <span className="quiet">{t("bench.next", { app: appWords(next) })}</span>}
    </>
  );
}

/** How the way to the device is, where anything is to be said of it. */
export function LinkStrip() {
  const link = useLine((state) => state.link);
  const why = useLine((state) => state.why);
  const room = useLine((state) => state.room);
  const gone = useLine((state) => state.bench.gone);
  const wake = useWake();
  if (link !== "open") {
    return (
      <div className={css.strip} role="status">
        <StateMark state={link === "connecting" ? "never" : "silent"} />
        <span>
          {t(link === "connecting" ? "bench.link.connecting" : "bench.link.lost")} {why && <Sentence text={why} />}
        </span>
        {link !== "connecting" && (
          <Button variant="default" onClick={wake}>
            {t("bench.link.now")}
          </Button>
        )}
      </div>
    );
  }
  if (room === null || room.presence.connected) return null;
  return (
    <div className={css.strip} role="status">
      <span>
        {gone !== null && leavesTheLine(gone)
          ? t("bench.gone_how", { app: appWords(gone) })
          : t(never(room) ? "bench.never_how" : "bench.absent_how")}
      </span>
    </div>
  );
}

/** Each takes the device so long at most, in seconds of real time. */
const USUAL_S = { wifi: 10, hal: 25, scan: 40 } as const;

function Task() {
  const task = useLine((state) => state.bench.task);
  const now = useNow();
  const speed = useSpeed();
  if (task === null) return null;
  const seconds = Math.max(0, (now - task.since) / 1000 / speed);
  const words = { task: t(`bench.task.${task.name}`), span: span(seconds) };
  return (
    <p className={css.task} role="status">
      <StateMark state={seconds > USUAL_S[task.name] ? "late" : "never"} size={10} />
      <span>{seconds > USUAL_S[task.name] ? t("bench.task.long", words) : t("bench.task.for", words)}</span>
    </p>
  );
}

export function About({ name }: { name: string }) {
  const told = useLine((state) => state.bench.told);
  const heard = useLine((state) => state.bench.heard);
  const room = useLine((state) => state.room);
  const { may } = useOrder("wifi");
  const battery = told.get("batt/main_v");
  const faults = figure(told.get("hardware_errors")?.value);
  const own = told.get("iam")?.value;
  const kind = told.get("dev")?.value;
  return (
    <section className={css.section} aria-label={t("bench.standing")}>
      <h2>{t("bench.standing")}</h2>
      {!may && <p className="quiet">{t("bench.viewer")}</p>}
      <Facts>
        <Fact name={t("bench.volts")} why={t("bench.not_told")}>
          {battery && figure(battery.value) !== null && (
            <>
              {volts(figure(battery.value) ?? 0)} V
              {!battery.earlier && (
                <span className="quiet">
                  {" "}
                  · <Ago past at={new Date(battery.at).toISOString()} />
                </span>
              )}
            </>
          )}
        </Fact>
        <Fact name={t("bench.hardware")} why={t("bench.hardware_none")}>
          {faults !== null && (
            <>
              <StateMark state={faults === 0 ? "ok" : "problem"} size={10} />{" "}
              {faults === 0 ? t("bench.hardware_ok") : t("bench.hardware_faults", { n: faults })}
            </>
          )}
        </Fact>
        {typeof kind === "string" && <Fact name={t("bench.kind")}>{kind}</Fact>}
        <Fact name={t("bench.heard")} why={t("bench.not_told")}>
          {heard !== null && <Ago past at={new Date(heard).toISOString()} />}
        </Fact>
        {room?.address && (
          <Fact name={t("bench.address")}>
            <Copyable text={room.address} />
          </Fact>
        )}
      </Facts>
      {typeof own === "string" && own.toLowerCase() !== name.toLowerCase() && (
        <p className={css.answer}>
          <StateMark state="problem" size={10} />
          {t("bench.other_name", { name: own, line: name })}
        </p>
      )}
      <Task />
      <div className={css.pairs}>
        <OrderButton button="wifi" order={ORDERS.wifi} label={t("bench.ask_wifi")}>
          <p className="quiet">{t("bench.ask_wifi_how")}</p>
        </OrderButton>
        <OrderButton button="hal" order={ORDERS.hal} label={t("bench.check")}>
          <p className="quiet">{t("bench.check_how")}</p>
        </OrderButton>
      </div>
    </section>
  );
}
