// GPS, RockBLOCK and LoRa: started, stopped, and what each tells.
import { TextInput } from "@mantine/core";
import { type FormEvent, useState } from "react";
import { DRIVERS, type Driver, driver, LORA_MOST, ORDERS, others, type Told, under } from "../domain/bench";
import { valueName, valueWords } from "../domain/benchWords";
import { useNow, useSpeed } from "../live/store";
import { t } from "../text/text";
import { Copyable } from "../ui/Copyable";
import form from "../ui/form.module.css";
import { StateMark } from "../ui/StateMark";
import css from "./bench.module.css";
import { OrderAnswer, OrderButton } from "./OrderButton";
import { useLine } from "./useLine";

/** A value of a running driver that did not come for this long is no longer a live one. In real time, as devices live. */
const LIVE_MS = 15_000;
const LONG = 28;

function Values({ told, live }: { told: [path: string, told: Told][]; live: boolean }) {
  const now = useNow();
  const liveMs = LIVE_MS * useSpeed();
  return (
    <dl className={css.values}>
      {told.map(([path, { value, at }]) => {
        const words = valueWords(value);
        // The modem speaks only where something changed; the others speak all the time.
        const old = !live || (!path.startsWith("rb/") && !path.startsWith("lora/") && now - at > liveMs);
        return (
          <div key={path} className={words.length > LONG ? css.wide : undefined}>
            <dt>{valueName(path)}</dt>
            <dd className={old ? css.old : undefined}>
              <Copyable text={words} />
            </dd>
          </div>
        );
      })}
    </dl>
  );
}

function LoraForm({ running }: { running: boolean | null }) {
  const [text, setText] = useState("");
  const left = LORA_MOST - [...text].length;
  const ready = text !== "" && left >= 0;
  return (
    <form className={form.form} onSubmit={(event: FormEvent) => event.preventDefault()}>
      <TextInput
        label={t("bench.lora_text")}
        description={running === false ? t("bench.lora_off") : t("bench.lora_left", { n: Math.max(0, left) })}
        error={left < 0 && t("bench.lora_over", { n: -left })}
        autoComplete="off"
        value={text}
        onChange={(e) => setText(e.currentTarget.value)}
      />
      <OrderButton
        button="send_lora"
        order={() => ORDERS.lora(text)}
        label={t("bench.lora_send")}
        ready={ready}
        tells
      />
    </form>
  );
}

function OneDriver({ name }: { name: Driver }) {
  const bench = useLine((state) => state.bench);
  const connected = useLine((state) => state.room?.presence.connected ?? false);
  const { enabled, running } = driver(bench, name);
  const told = under(bench, name);
  const button = `driver ${name}`;
  const called = t(`bench.driver.${name}`);
  return (
    <div className={css.driver} role="group" aria-label={called}>
      <h3>
        {called}
        <span>
          <StateMark state={running && connected ? "ok" : running === null ? "never" : "all"} size={10} />{" "}
          {running
            ? t(connected ? "bench.running" : "bench.ran")
            : enabled === false
              ? t("bench.not_set_up")
              : t(running === null ? "bench.not_told" : "bench.stopped")}
        </span>
      </h3>
      {running ? (
        <OrderButton
          button={button}
          order={() => ORDERS.stop(name)}
          label={t("bench.stop")}
          full={t("bench.stop_it", { driver: called })}
          mute
        />
      ) : (
        <OrderButton
          button={button}
          order={() => ORDERS.start(name)}
          label={t("bench.start")}
          full={t("bench.start_it", { driver: called })}
          mute
        />
      )}
      <OrderAnswer button={button} />
      {told.length > 0 ? (
        <Values told={told} live={connected && running === true} />
      ) : (
        running && <p className="quiet">{t("bench.no_values")}</p>
      )}
      {name === "lora" && <LoraForm running={running} />}
    </div>
  );
}

export function Drivers() {
  const bench = useLine((state) => state.bench);
  const rest = others(bench);
  return (
    <section className={css.section} aria-label={t("bench.drivers")}>
      <h2>{t("bench.drivers")}</h2>
      {DRIVERS.map((name) => (
        <OneDriver key={name} name={name} />
      ))}
      {rest.length > 0 && (
        <div className={css.driver}>
          <h3>{t("bench.others")}</h3>
          <Values told={rest} live />
        </div>
      )}
    </section>
  );
}
