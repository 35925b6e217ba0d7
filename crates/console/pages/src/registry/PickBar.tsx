// Puts several devices into a group, or takes them out, one after the other; what failed says why.
import { Button, NativeSelect } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { ApiError } from "../api/client";
import { MOST_PICKED } from "../domain/picked";
import { t } from "../text/text";
import { ErrorNote } from "../ui/ErrorNote";
import { StateMark } from "../ui/StateMark";
import type { Device } from "./apiTypes";
import * as calls from "./calls";
import { useGroups, useTake } from "./data";
import css from "./registry.module.css";

interface Props {
  ids: string[];
  /** Those of them that the list shows; the others are asked for. */
  devices: Device[];
  onClear(): void;
}

export function PickBar({ ids, devices, onClear }: Props) {
  const { data: groups = [] } = useGroups();
  const { take, again } = useTake();
  const [group, setGroup] = useState("");
  const changing = useMutation({
    mutationFn: async (into: boolean) => {
      const failed: string[] = [];
      let changed = 0;
      for (const id of ids) {
        try {
          const device = devices.find((one) => one.id === id) ?? (await calls.device(id));
          const before = device.groups.map((one) => one.id);
          if (before.includes(group) === into) continue;
          const group_ids = into ? [...before, group] : before.filter((one) => one !== group);
          take(await calls.changeDevice(id, { group_ids }));
          changed += 1;
        } catch (error) {
          const name = devices.find((one) => one.id === id)?.name ?? id;
          failed.push(
            t("registry.pick.failed", { name, why: error instanceof ApiError ? error.sentence : t("error.page") }),
          );
        }
      }
      again();
      return { changed, failed };
    },
  });
  const busy = changing.isPending;
  const { changed, failed } = changing.data ?? { changed: null, failed: [] };
  return (
    <div className={css.bar} role="group" aria-label={t("registry.pick.bar")}>
      <b role="status">
        {t(ids.length === MOST_PICKED ? "pick.most" : "registry.pick.count", { n: ids.length })}
        {changed !== null && ` · ${t("registry.pick.done", { n: changed })}`}
      </b>
      <NativeSelect
        aria-label={t("registry.pick.choose")}
        value={group}
        onChange={(e) => setGroup(e.currentTarget.value)}
        data={[
          { value: "", label: t("registry.group_choose") },
          ...groups.map(({ id, name }) => ({ value: id, label: name })),
        ]}
      />
      <Button variant="default" disabled={group === ""} loading={busy} onClick={() => changing.mutate(true)}>
        {t("registry.pick.into")}
      </Button>
      <Button variant="default" disabled={group === ""} loading={busy} onClick={() => changing.mutate(false)}>
        {t("registry.pick.out")}
      </Button>
      <Button variant="default" onClick={onClear}>
        {t("pick.clear")}
      </Button>
      {failed.map((sentence) => (
        <p key={sentence}>
          <StateMark state="silent" size={10} /> {sentence}
        </p>
      ))}
      {changing.error && <ErrorNote error={changing.error} />}
    </div>
  );
}
