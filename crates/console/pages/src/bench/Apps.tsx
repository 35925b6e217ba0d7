// Which app the device runs from its next start on, and the start itself.
import { NativeSelect } from "@mantine/core";
import { useState } from "react";
import { APPS, type App, leavesTheLine, ORDERS, SUPPORT } from "../domain/bench";
import { appWords } from "../domain/benchWords";
import type { DeviceKind } from "../registry/apiTypes";
import { t } from "../text/text";
import { chevron } from "../ui/Chevron";
import css from "./bench.module.css";
import { DangerButton, OrderButton } from "./OrderButton";
import { useLine } from "./useLine";

function Switch({ name }: { name: string }) {
  const [app, setApp] = useState<App | "">("");
  return (
    <>
      <NativeSelect
        rightSection={chevron}
        label={t("bench.switch")}
        value={app}
        onChange={(e) => setApp(APPS.find((one) => one === e.currentTarget.value) ?? "")}
        data={[
          { value: "", label: t("bench.switch_choose") },
          ...APPS.map((one) => ({ value: one, label: appWords(one) })),
        ]}
      />
      {app === "" || !leavesTheLine(app) ? (
        <OrderButton
          key="plain"
          button="switch"
          order={() => ORDERS.app(app || SUPPORT)}
          label={t("bench.switch_do")}
          ready={app !== ""}
        />
      ) : (
        <DangerButton
          key={app}
          button="switch"
          order={() => ORDERS.app(app)}
          label={t("bench.switch_do")}
          effect={<p>{t("bench.switch_effect", { name, app: appWords(app) })}</p>}
          confirm={t("bench.switch_confirm", { name, app })}
        />
      )}
    </>
  );
}

export function Apps({ name, kind }: { name: string; kind: DeviceKind }) {
  const next = useLine((state) => state.bench.next);
  const said = useLine((state) => state.bench.told.get("dev")?.value);
  // As the device says; where it has said nothing, as the registry has it.
  const own = typeof said === "string" ? said : kind;
  const starts =
    next === null ? null : t(leavesTheLine(next) ? "bench.reset_leaves" : "bench.reset_as", { app: appWords(next) });
  return (
    <section className={css.section} aria-label={t("bench.app")}>
      <h2>{t("bench.app")}</h2>
      <OrderButton button="service" order={() => ORDERS.service(own)} label={t("bench.service")} tells>
        <p className="quiet">
          {next === own ? t("bench.service_done", { kind: own }) : t("bench.service_how", { kind: own })}
        </p>
      </OrderButton>
      <Switch name={name} />
      <DangerButton
        button="reset"
        order={ORDERS.reset}
        label={t("bench.reset")}
        effect={
          <>
            <p>{t("bench.reset_effect", { name })}</p>
            {starts && <p>{starts}</p>}
          </>
        }
        confirm={t("bench.reset_confirm", { name })}
        tells
      />
    </section>
  );
}
