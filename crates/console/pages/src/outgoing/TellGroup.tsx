// One order for all devices of a group: what it does and costs first, then device by device what became of it.
import { Button, NativeSelect, TextInput } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { Link } from "react-router";
import { nameOf } from "../domain/fleet";
import { creditsFor, draftOf, effectOf, faultOf, orderOf, orderWords, WIDEST } from "../domain/orders";
import { requestKey } from "../domain/requestKey";
import { hear, useLive } from "../live/store";
import { useGroups } from "../registry/data";
import { OrderChoice } from "../tell/OrderChoice";
import tell from "../tell/tell.module.css";
import { t } from "../text/text";
import { chevron } from "../ui/Chevron";
import { ErrorNote } from "../ui/ErrorNote";
import { Part } from "../ui/Facts";
import form from "../ui/form.module.css";
import { leaveByEscape } from "../ui/ReasonForm";
import { Sentence } from "../ui/Sentence";
import { SidePanel } from "../ui/SidePanel";
import { MtMark, StateMark } from "../ui/StateMark";
import * as calls from "./calls";
import css from "./plans.module.css";

function Result({ told, onAgain }: { told: calls.GroupTold; onAgain(): void }) {
  const modems = useLive((live) => live.modems);
  const outgoing = useLive((live) => live.outgoing);
  const { taken, refused } = told;
  const none = taken.length + refused.length === 0;
  return (
    <div className={form.form} role="status">
      <p>
        <b>{none ? t("tellgroup.empty") : t("tellgroup.result", { taken: taken.length, refused: refused.length })}</b>
      </p>
      <ul className={css.result}>
        {refused.map(({ device, reason }) => (
          <li key={device.id}>
            <StateMark state="silent" size={10} />
            <b>{device.name}</b>
            <span>{t("tellgroup.refused")}</span>
            <p>
              <Sentence text={reason} />
            </p>
          </li>
        ))}
        {taken.map((first) => {
          const mt = outgoing.get(first.id) ?? first;
          const modem = modems.get(mt.modem_id);
          return (
            <li key={mt.id}>
              <MtMark state={mt.state} size={10} />
              <Link className="link" to={`/outgoing?mt=${mt.id}`}>
                {modem ? nameOf(modem) : mt.imei}
              </Link>
              <span>{t(`outgoing.state.${mt.state}`)}</span>
            </li>
          );
        })}
      </ul>
      <div className={form.buttons}>
        <Button variant="default" onClick={onAgain}>
          {t("tellgroup.again")}
        </Button>
      </div>
    </div>
  );
}

export function TellGroup({ groupId, onClose }: { groupId: string | null; onClose(): void }) {
  const { data: groups = [], isPending } = useGroups();
  const [chosen, setChosen] = useState(groupId ?? "");
  const [draft, setDraft] = useState(() => draftOf("interval", true));
  const [reason, setReason] = useState("");
  const [looking, setLooking] = useState(false);
  const [tried, setTried] = useState(false);
  const [key, setKey] = useState(requestKey);
  const group = groups.find(({ id }) => id === chosen);
  const order = orderOf(draft);
  const fault = order === null ? t("schedule.fault_order") : faultOf(order, WIDEST[draft.kind] ?? null);
  const telling = useMutation({
    mutationFn: (told: calls.GroupTelling) => calls.tellGroup(told, key),
    onSuccess: ({ taken }) => {
      for (const mt of taken) hear({ type: "outgoing", mt });
    },
  });
  const changed = () => {
    // Another content is another request.
    setKey(requestKey());
    setLooking(false);
    telling.reset();
  };
  const submit = (event: FormEvent) => {
    event.preventDefault();
    setTried(true);
    if (group === undefined || order === null || fault !== null || telling.isPending) return;
    if (!looking) return setLooking(true);
    telling.mutate({ group_id: group.id, order, ...(reason.trim() === "" ? {} : { reason: reason.trim() }) });
  };
  const back = () => setLooking(false);
  return (
    <SidePanel label={t("tellgroup.title")} title={t("tellgroup.title")} onClose={onClose}>
      <Part title={order && telling.data ? orderWords(order) : t("tellgroup.what")}>
        {telling.data ? (
          <Result
            told={telling.data}
            onAgain={() => {
              changed();
              setTried(false);
            }}
          />
        ) : (
          <form className={form.form} noValidate onSubmit={submit} onKeyDown={leaveByEscape(looking ? back : onClose)}>
            {!isPending && groups.length === 0 && (
              <p className="quiet">
                {t("tellgroup.none")}{" "}
                <Link className="link" to="/devices?show=groups">
                  {t("registry.section.groups")}
                </Link>
              </p>
            )}
            {!looking && (
              <>
                <NativeSelect
                  rightSection={chevron}
                  label={t("tellgroup.group")}
                  error={tried && group === undefined && t("schedule.fault_group")}
                  value={chosen}
                  onChange={(e) => {
                    setChosen(e.currentTarget.value);
                    changed();
                  }}
                  data={[
                    { value: "", label: t("tellgroup.pick") },
                    ...groups.map(({ id, name, devices }) => ({
                      value: id,
                      label: `${name} (${t("devices", { n: devices })})`,
                    })),
                  ]}
                />
                <OrderChoice
                  label={t("tellgroup.what")}
                  draft={draft}
                  flaw={tried && order === null ? fault : null}
                  onDraft={(next) => {
                    setDraft(next);
                    changed();
                  }}
                />
                {order && !fault && <p>{effectOf(order)}</p>}
                <TextInput
                  label={t("tell.reason")}
                  maxLength={500}
                  value={reason}
                  onChange={(e) => {
                    setReason(e.currentTarget.value);
                    changed();
                  }}
                />
              </>
            )}
            {looking && group && order && (
              <div className={tell.sure} role="alert">
                <p>
                  {t("tellgroup.sure", {
                    effect: effectOf(order),
                    devices: t("devices", { n: group.devices }),
                    group: group.name,
                    cost: t("credits", { n: creditsFor(order) * group.devices }),
                  })}
                </p>
              </div>
            )}
            {telling.error && <ErrorNote error={telling.error} />}
            {looking ? (
              <div key="sure" className={form.buttons}>
                <Button variant="default" autoFocus onClick={back}>
                  {t("tell.back")}
                </Button>
                <Button type="submit" loading={telling.isPending}>
                  {t("tellgroup.confirm")}
                </Button>
              </div>
            ) : (
              <div key="look" className={form.buttons}>
                <Button type="submit">{t("tellgroup.look")}</Button>
                <Button variant="default" onClick={onClose}>
                  {t("action.cancel")}
                </Button>
              </div>
            )}
          </form>
        )}
      </Part>
    </SidePanel>
  );
}
