// Puts several devices into a group, or takes them out, one after the other; what failed says why.
import { Button, NativeSelect, TextInput } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { ApiError } from "../api/client";
import { MOST_PICKED } from "../domain/picked";
import { t } from "../text/text";
import { chevron } from "../ui/Chevron";
import { ErrorNote } from "../ui/ErrorNote";
import { StateMark } from "../ui/StateMark";
import type { Device } from "./apiTypes";
import * as calls from "./calls";
import { GROUPS_KEY, useGroups, useTake } from "./data";
import css from "./registry.module.css";

/** In the place of a group's id: one that is made by the way. */
const NEW = "new";

interface Props {
  ids: string[];
  /** Those of them that the list shows; the others are asked for. */
  devices: Device[];
  onClear(): void;
}

export function PickBar({ ids, devices, onClear }: Props) {
  const client = useQueryClient();
  const { data: groups = [] } = useGroups();
  const { take, again } = useTake();
  const [chosen, setGroup] = useState("");
  const [name, setName] = useState("");
  const changing = useMutation({
    mutationFn: async (into: boolean) => {
      const group = chosen === NEW ? (await calls.makeGroup(name.trim())).id : chosen;
      setGroup(group);
      await client.invalidateQueries({ queryKey: GROUPS_KEY });
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
  const ready = chosen === NEW ? name.trim() !== "" : chosen !== "";
  const { changed, failed } = changing.data ?? { changed: null, failed: [] };
  return (
    <div className={css.bar} role="group" aria-label={t("registry.pick.bar")}>
      <b role="status">
        {t(ids.length === MOST_PICKED ? "pick.most" : "registry.pick.count", { n: ids.length })}
        {changed !== null && ` · ${t("registry.pick.done", { n: changed })}`}
      </b>
      <NativeSelect
        rightSection={chevron}
        aria-label={t("registry.pick.choose")}
        value={chosen}
        onChange={(e) => setGroup(e.currentTarget.value)}
        data={[
          { value: "", label: t("registry.group_choose") },
          ...groups.map(({ id, name: label }) => ({ value: id, label })),
          { value: NEW, label: t("registry.group_new") },
        ]}
      />
      {chosen === NEW && (
        <TextInput
          aria-label={t("registry.group_name")}
          placeholder={t("registry.group_name")}
          autoFocus
          value={name}
          onChange={(e) => setName(e.currentTarget.value)}
        />
      )}
      <Button variant="default" disabled={!ready} loading={busy} onClick={() => changing.mutate(true)}>
        {t("registry.pick.into")}
      </Button>
      {chosen !== NEW && (
        <Button variant="default" disabled={!ready} loading={busy} onClick={() => changing.mutate(false)}>
          {t("registry.pick.out")}
        </Button>
      )}
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
