// The device's Wi-Fi: what it is in, what it keeps, and a new network, tried before it is kept.
import { PasswordInput, TextInput } from "@mantine/core";
import { useState } from "react";
import { flag, networkFault, ORDERS, testResult, type Value } from "../domain/bench";
import { valueName, valueWords } from "../domain/benchWords";
import { t } from "../text/text";
import { Ago } from "../ui/Ago";
import { Copyable } from "../ui/Copyable";
import { Fact, Facts } from "../ui/Facts";
import form from "../ui/form.module.css";
import { StateMark } from "../ui/StateMark";
import css from "./bench.module.css";
import { DangerButton, OrderButton } from "./OrderButton";
import { useLine } from "./useLine";

const STATION = ["wifi/net/ap", "wifi/net/connected", "wifi/net/ip", "wifi/net/gw", "wifi/net/dns", "wifi/net/mac"];
const TESTED = ["wifi/sta/ip", "wifi/sta/gw", "wifi/sta/dns"];

function Values({ paths }: { paths: string[] }) {
  const told = useLine((state) => state.bench.told);
  return paths.flatMap((path) => {
    const one = told.get(path);
    if (one === undefined) return [];
    const words = valueWords(one.value);
    return (
      <Fact key={path} name={valueName(path)} why={t("bench.none_value")}>
        {one.value === null ? null : typeof one.value === "boolean" ? words : <Copyable text={words} />}
      </Fact>
    );
  });
}

function Known() {
  const told = useLine((state) => state.bench.told);
  const value = (path: string): Value | undefined => told.get(path)?.value;
  const stored = told.get("wifi/stored/ssid");
  const ap = flag(value("wifi/ap/active"));
  const apName = value("wifi/ap/ssid");
  if (![...told.keys()].some((path) => path.startsWith("wifi/")))
    return <p className="quiet">{t("bench.wifi_none")}</p>;
  return (
    <Facts>
      <Fact name={t("bench.wifi.own")} why={t("bench.not_told")}>
        {ap !== null && (
          <>
            {t(ap ? "bench.on" : "bench.off")}
            {ap && typeof apName === "string" && (
              <>
                {" "}
                · <Copyable text={apName} />
              </>
            )}
          </>
        )}
      </Fact>
      <Values paths={STATION} />
      <Fact name={t("bench.value.wifi/stored/ssid")} why={t("bench.none_value")}>
        {stored && stored.value !== null && (
          <>
            <Copyable text={String(stored.value)} />
            {!stored.earlier && (
              <span className="quiet">
                {" "}
                · <Ago past at={new Date(stored.at).toISOString()} />
              </span>
            )}
          </>
        )}
      </Fact>
    </Facts>
  );
}

function TestResult() {
  const bench = useLine((state) => state.bench);
  const scanning = bench.task?.name === "scan";
  const result = testResult(bench);
  if (scanning || bench.done.scan === undefined || result === null) return null;
  return (
    <>
      <p className={css.answer} role="status">
        <StateMark state={result ? "ok" : "silent"} size={10} />
        <span>
          {t(result ? "bench.test_ok" : "bench.test_failed")}{" "}
          <span className="quiet">
            <Ago past at={new Date(bench.done.scan).toISOString()} />
          </span>
        </span>
      </p>
      {result && (
        <Facts>
          <Values paths={TESTED} />
        </Facts>
      )}
    </>
  );
}

function NewNetwork({ name }: { name: string }) {
  const [ssid, setSsid] = useState("");
  const [password, setPassword] = useState("");
  /** What was tested last, and since when its result counts. */
  const [tested, setTested] = useState<{ ssid: string; password: string; after: number } | null>(null);
  const bench = useLine((state) => state.bench);
  const fault = networkFault(ssid, password);
  const touched = ssid !== "" || password !== "";
  const ofPassword = fault === "short_password" || fault === "long_password";
  const same = tested?.ssid === ssid && tested.password === password && (bench.done.scan ?? 0) > tested.after;
  const result = same ? testResult(bench) : null;
  const verdict =
    result === null ? "bench.store_untested" : result ? "bench.store_tested" : ("bench.store_failed" as const);
  return (
    <form className={form.form} autoComplete="off" onSubmit={(event) => event.preventDefault()}>
      <h3>{t("bench.network")}</h3>
      <TextInput
        label={t("bench.network_name")}
        autoComplete="off"
        spellCheck={false}
        autoCapitalize="none"
        error={touched && fault !== null && fault !== "empty" && !ofPassword && t(`bench.network.${fault}`)}
        value={ssid}
        onChange={(e) => setSsid(e.currentTarget.value)}
      />
      <PasswordInput
        label={t("bench.network_password")}
        description={t("bench.network_open")}
        autoComplete="new-password"
        visibilityToggleFocusable
        visibilityToggleButtonProps={{ "aria-label": t("password.show") }}
        error={ofPassword && t(`bench.network.${fault}`)}
        value={password}
        onChange={(e) => setPassword(e.currentTarget.value)}
      />
      <OrderButton
        button="test network"
        order={() => ORDERS.testNetwork(ssid, password)}
        label={t("bench.test")}
        ready={fault === null}
        onGiven={() => setTested({ ssid, password, after: bench.done.scan ?? 0 })}
      >
        <p className="quiet">{t("bench.test_how")}</p>
      </OrderButton>
      <TestResult />
      <DangerButton
        button="store network"
        order={() => ORDERS.storeNetwork(ssid, password)}
        label={t("bench.store")}
        ready={fault === null}
        effect={
          <>
            <p>{t("bench.store_effect", { name, ssid })}</p>
            <p className={css.answer}>
              <StateMark state={result === null ? "never" : result ? "ok" : "silent"} size={10} />
              {t(verdict)}
            </p>
          </>
        }
        confirm={t("bench.store_confirm", { ssid, name })}
        tells
      />
    </form>
  );
}

export function Wifi({ name }: { name: string }) {
  return (
    <section className={css.section} aria-label={t("bench.wifi")}>
      <h2>{t("bench.wifi")}</h2>
      <Known />
      <NewNetwork name={name} />
    </section>
  );
}
