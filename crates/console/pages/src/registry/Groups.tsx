// Groups of devices: made, shown, and done away with.
import { Button, TextInput } from "@mantine/core";
import { IconPlus } from "@tabler/icons-react";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, type ReactNode, useState } from "react";
import { Link } from "react-router";
import { t } from "../text/text";
import { Ago, AgoExact } from "../ui/Ago";
import { Confirm } from "../ui/Confirm";
import { Empty } from "../ui/Empty";
import { ErrorNote } from "../ui/ErrorNote";
import { Fact, Facts, Part } from "../ui/Facts";
import form from "../ui/form.module.css";
import { leaveByEscape } from "../ui/ReasonForm";
import { Roster } from "../ui/Roster";
import { SectionFrame } from "../ui/SectionFrame";
import { SidePanel } from "../ui/SidePanel";
import { useAddress } from "../ui/useAddress";
import type { Group } from "./apiTypes";
import * as calls from "./calls";
import { NEW, useMay } from "./Devices";
import { GROUPS_KEY, useGroups, useTake } from "./data";
import css from "./registry.module.css";

function NewGroupPanel({ onMade, onClose }: { onMade(id: string): void; onClose(): void }) {
  const client = useQueryClient();
  const [name, setName] = useState("");
  const making = useMutation({
    mutationFn: () => calls.makeGroup(name.trim()),
    onSuccess: async (group) => {
      await client.invalidateQueries({ queryKey: GROUPS_KEY });
      onMade(group.id);
    },
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (name.trim() !== "" && !making.isPending) making.mutate();
  };
  return (
    <SidePanel label={t("registry.group_new")} title={t("registry.group_new")} onClose={onClose}>
      <Part title={t("registry.about")}>
        <form className={form.form} onSubmit={submit} onKeyDown={leaveByEscape(onClose)}>
          <TextInput
            label={t("registry.group_name")}
            autoComplete="off"
            autoFocus
            value={name}
            onChange={(e) => setName(e.currentTarget.value)}
          />
          {making.error && <ErrorNote error={making.error} />}
          <div className={form.buttons}>
            <Button type="submit" loading={making.isPending} disabled={name.trim() === ""}>
              {t("registry.group_make")}
            </Button>
            <Button variant="default" onClick={onClose}>
              {t("action.cancel")}
            </Button>
          </div>
        </form>
      </Part>
    </SidePanel>
  );
}

function GroupPanel({ group, onClose }: { group: Group | undefined; onClose(): void }) {
  const may = useMay();
  const { again } = useTake();
  const [asked, setAsked] = useState(false);
  if (group === undefined) {
    return (
      <SidePanel label={t("registry.group")} title={t("registry.group")} onClose={onClose}>
        <Empty title={t("registry.group_gone")} />
      </SidePanel>
    );
  }
  const { id, name, devices } = group;
  return (
    <SidePanel label={t("registry.group")} title={name} onClose={onClose}>
      <Part title={t("registry.about")}>
        <Facts>
          <Fact name={t("registry.group_devices")}>
            {devices === 0 ? (
              "0"
            ) : (
              <>
                {devices} ·{" "}
                <Link className="link" to={`/devices?group=${id}`}>
                  {t("registry.group_show")}
                </Link>
              </>
            )}
          </Fact>
          {may && devices > 0 && (
            <Fact name={t("tell.title")}>
              <Link className="link" to={`/outgoing?tell=group&group=${id}`}>
                {t("tellgroup.all_of_them")}
              </Link>
            </Fact>
          )}
          <Fact name={t("registry.group_made")}>
            <AgoExact at={group.created_at} />
          </Fact>
        </Facts>
      </Part>
      {may && (
        <Part title={t("registry.group_delete")}>
          {asked ? (
            <Confirm
              effect={t("registry.group_delete_effect", { name, n: devices })}
              confirm={t("registry.group_delete_confirm", { name })}
              run={() => calls.deleteGroup(id)}
              onDone={() => {
                onClose();
                again();
              }}
              onCancel={() => setAsked(false)}
            />
          ) : (
            <div className={form.buttons}>
              <Button variant="default" onClick={() => setAsked(true)}>
                {t("registry.delete")}
              </Button>
            </div>
          )}
        </Part>
      )}
    </SidePanel>
  );
}

export function Groups({ tabs }: { tabs: ReactNode }) {
  const [search, change] = useAddress();
  const may = useMay();
  const { data: groups = [], isPending, error, refetch } = useGroups();
  const opened = search.get("open");
  const show = (id: string | null) => change({ open: id }, id !== null && opened !== null);
  const close = () => show(null);
  return (
    <SectionFrame
      label={t("registry.section.groups")}
      tabs={tabs}
      aside={
        may && (
          <Button leftSection={<IconPlus size={16} aria-hidden="true" />} onClick={() => show(NEW)}>
            {t("registry.group_new")}
          </Button>
        )
      }
      panel={
        opened === null ? null : opened === NEW ? (
          <NewGroupPanel onMade={show} onClose={close} />
        ) : (
          <GroupPanel key={opened} group={groups.find(({ id }) => id === opened)} onClose={close} />
        )
      }
    >
      <Roster
        label={t("registry.section.groups")}
        className={`${css.cells} ${css.groups}`}
        paged={{
          items: groups,
          whole: true,
          waiting: isPending,
          error,
          loading: false,
          again: () => void refetch(),
          more: () => undefined,
        }}
        opened={opened === NEW ? null : opened}
        head={
          <>
            <span className={css.name}>{t("registry.group")}</span>
            <span className={css.number}>{t("registry.group_devices")}</span>
            <span className={css.number}>{t("registry.group_made")}</span>
          </>
        }
        row={(group) => (
          <div className={`${css.cells} ${css.groups}`}>
            <span className={css.name}>{group.name}</span>
            <span className={css.number}>
              <span className={css.wide}>{group.devices}</span>
              <span className={css.small}>{t("devices", { n: group.devices })}</span>
            </span>
            <span className={`${css.number} ${css.made}`}>
              <Ago at={group.created_at} />
            </span>
          </div>
        )}
        more={t("registry.more")}
        empty={<Empty title={t("registry.group_empty")}>{t("registry.group_empty_how")}</Empty>}
        onOpen={show}
      />
    </SectionFrame>
  );
}
