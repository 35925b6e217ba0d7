// How a device is told: which build it is taken for and which account pays; a person may say otherwise.
import { Button, NativeSelect } from "@mantine/core";
import { IconChevronDown } from "@tabler/icons-react";
import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import * as calls from "../api/calls";
import { useSession } from "../api/session";
import { type Downlink, GENERATIONS, type Generation, type Modem } from "../api/types";
import { maySettle } from "../domain/outgoing";
import { useAccounts } from "../outgoing/useAccounts";
import { t } from "../text/text";
import { Fact, Facts, Part } from "../ui/Facts";
import form from "../ui/form.module.css";
import { ReasonForm } from "../ui/ReasonForm";
import { useDownlink } from "./useDownlink";

function buildWords({ generation, generation_is_set }: Downlink): string | null {
  if (generation === null) return null;
  const build = t(`dialect.${generation}`);
  return t(generation_is_set ? "tell.build_set" : "tell.build_inferred", { build });
}

function Change({ downlink, onDone }: { downlink: Downlink; onDone(): void }) {
  const { accounts } = useAccounts();
  const [generation, setGeneration] = useState(downlink.generation_is_set ? (downlink.generation ?? "") : "");
  const [account, setAccount] = useState(downlink.account);
  const wasGeneration = downlink.generation_is_set ? (downlink.generation ?? "") : "";
  const names = [...new Set([downlink.account, ...accounts.map(({ name }) => name)])];
  const chevron = <IconChevronDown size={16} stroke={1.6} aria-hidden="true" />;
  return (
    <ReasonForm
      effect={t("tell.change_effect")}
      confirm={t("tell.change_confirm")}
      ready={generation !== wasGeneration || account !== downlink.account}
      run={(reason) =>
        calls.changeDownlink(downlink.modem_id, {
          ...(generation === wasGeneration
            ? {}
            : { generation: generation === "" ? null : (generation as Generation) }),
          ...(account === downlink.account ? {} : { account }),
          reason,
        })
      }
      onDone={onDone}
      onCancel={onDone}
    >
      <NativeSelect
        label={t("tell.build")}
        rightSection={chevron}
        value={generation}
        onChange={(e) => setGeneration(e.currentTarget.value)}
        data={[
          { value: "", label: t("tell.build_choice") },
          ...GENERATIONS.map((one) => ({ value: one, label: t(`dialect.${one}`) })),
        ]}
      />
      {names.length > 1 && (
        <NativeSelect
          label={t("tell.account")}
          rightSection={chevron}
          value={account}
          onChange={(e) => setAccount(e.currentTarget.value)}
          data={names}
        />
      )}
    </ReasonForm>
  );
}

export function HowTold({ modem }: { modem: Modem }) {
  const { role } = useSession();
  const client = useQueryClient();
  const { data } = useDownlink(modem);
  const [changing, setChanging] = useState(false);
  if (!data) return null;
  const done = () => {
    setChanging(false);
    void client.invalidateQueries({ queryKey: ["downlink", modem.id] });
  };
  return (
    <Part title={t("tell.settings")}>
      {changing ? (
        <Change downlink={data} onDone={done} />
      ) : (
        <div className={form.form}>
          <Facts>
            <Fact name={t("tell.build")} why={t("tell.build_unknown")}>
              {buildWords(data)}
            </Fact>
            <Fact name={t("tell.account")}>{data.account}</Fact>
          </Facts>
          {maySettle(role) && (
            <div className={form.buttons}>
              <Button variant="default" size="xs" onClick={() => setChanging(true)}>
                {t("tell.change")}
              </Button>
            </div>
          )}
        </div>
      )}
    </Part>
  );
}
