// One schedule: when it is done next and what came of it, its form, doing it now, and its end.
import { Button, NativeSelect, Skeleton, TextInput } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useId, useMemo, useState } from "react";
import { useSession } from "../api/session";
import { orderWords } from "../domain/orders";
import {
  asWished,
  DAYS,
  emptySchedule,
  type ScheduleDraft,
  scheduleByField,
  scheduleDraft,
  scheduleFlaws,
  scheduleWish,
  whenWords,
  whoWords,
} from "../domain/plans";
import { requestKey } from "../domain/requestKey";
import { useGroups } from "../registry/data";
import type { Schedule } from "../routes/apiTypes";
import { OrderChoice } from "../tell/OrderChoice";
import { t } from "../text/text";
import { AgoExact } from "../ui/Ago";
import { chevron } from "../ui/Chevron";
import { Choices } from "../ui/Choices";
import { Confirm } from "../ui/Confirm";
import { DeviceField } from "../ui/DeviceField";
import { Empty } from "../ui/Empty";
import { ErrorNote } from "../ui/ErrorNote";
import { Fact, Facts, Part } from "../ui/Facts";
import form from "../ui/form.module.css";
import { usePreferences } from "../ui/preferences";
import { leaveByEscape, ReasonForm } from "../ui/ReasonForm";
import { SidePanel } from "../ui/SidePanel";
import * as calls from "./calls";
import css from "./plans.module.css";
import { SCHEDULES_KEY } from "./Schedules";
import { usePlanForm } from "./usePlanForm";

const AUDIENCES = ["group", "device"] as const;

interface FieldsProps {
  draft: ScheduleDraft;
  flaws: ReturnType<typeof scheduleFlaws>;
  set(change: Partial<ScheduleDraft>): void;
}

function WhoFields({ draft, flaws, set }: FieldsProps) {
  const { data: groups = [] } = useGroups();
  return (
    <>
      <Choices
        label={t("schedule.who")}
        values={AUDIENCES}
        chosen={draft.for}
        words={(one) => t(`schedule.for.${one}`)}
        onChoose={(one) => set({ for: one })}
      />
      {draft.for === "device" ? (
        <DeviceField
          label={t("route.device")}
          error={flaws.audience}
          value={draft.device}
          onChange={(device) => set({ device })}
        />
      ) : (
        <NativeSelect
          rightSection={chevron}
          label={t("route.group")}
          error={flaws.audience}
          value={draft.group}
          onChange={(e) => set({ group: e.currentTarget.value })}
          data={[
            { value: "", label: t("route.group_pick") },
            ...groups.map(({ id, name }) => ({ value: id, label: name })),
          ]}
        />
      )}
    </>
  );
}

function WhenFields({ draft, flaws, set }: FieldsProps) {
  const list = useId();
  const zones = useMemo(() => Intl.supportedValuesOf("timeZone"), []);
  return (
    <>
      <div>
        <div className={form.choices} role="group" aria-label={t("schedule.days")}>
          {DAYS.map((day) => (
            <button
              key={day}
              type="button"
              aria-pressed={draft.days.includes(day)}
              onClick={() => set({ days: DAYS.filter((one) => draft.days.includes(one) !== (one === day)) })}
            >
              {t(`schedule.day.${day}`)}
            </button>
          ))}
        </div>
        {flaws.days && <p className={css.flaw}>{flaws.days}</p>}
      </div>
      <div className={css.time}>
        <TextInput
          type="time"
          label={t("schedule.at")}
          error={flaws.at}
          value={draft.at}
          onChange={(e) => set({ at: e.currentTarget.value.slice(0, 5) })}
        />
        <TextInput
          label={t("schedule.zone")}
          error={flaws.zone}
          list={list}
          autoComplete="off"
          spellCheck={false}
          value={draft.zone}
          onChange={(e) => set({ zone: e.currentTarget.value })}
        />
      </div>
      <p className="quiet">{t("schedule.zone_how")}</p>
      <datalist id={list}>
        {zones.map((zone) => (
          <option key={zone} value={zone} />
        ))}
      </datalist>
    </>
  );
}

interface FormProps {
  begin: ScheduleDraft;
  confirm: string;
  save(draft: ScheduleDraft): Promise<Schedule>;
  onSaved(schedule: Schedule): void;
  onCancel(): void;
}

function ScheduleForm({ begin, confirm, save, onSaved, onCancel }: FormProps) {
  const { draft, flaws, set, submit, failure, isPending } = usePlanForm({
    begin,
    queryKey: SCHEDULES_KEY,
    flawsOf: scheduleFlaws,
    byField: scheduleByField,
    save,
    onSaved,
  });
  const fields = { draft, flaws, set };
  return (
    <form className={form.form} noValidate onSubmit={submit} onKeyDown={leaveByEscape(onCancel)}>
      <TextInput
        label={t("schedule.name")}
        autoComplete="off"
        autoFocus
        error={flaws.name}
        value={draft.name}
        onChange={(e) => set({ name: e.currentTarget.value })}
      />
      <b className={css.question}>{t("schedule.who")}</b>
      <WhoFields {...fields} />
      <b className={css.question}>{t("schedule.what")}</b>
      <OrderChoice
        label={t("schedule.what")}
        draft={draft.order}
        flaw={flaws.order ?? null}
        onDraft={(order) => set({ order })}
      />
      <b className={css.question}>{t("schedule.when")}</b>
      <WhenFields {...fields} />
      <label className={css.check}>
        <input type="checkbox" checked={draft.enabled} onChange={() => set({ enabled: !draft.enabled })} />
        <span>{t("schedule.enabled")}</span>
      </label>
      {failure && <ErrorNote error={failure} />}
      <div className={form.buttons}>
        <Button type="submit" loading={isPending}>
          {confirm}
        </Button>
        <Button variant="default" onClick={onCancel}>
          {t("action.cancel")}
        </Button>
      </div>
    </form>
  );
}

/** The zone that this person reads times in. */
function zoneOf(zone: string): string {
  if (zone === "utc") return "UTC";
  return zone === "local" ? Intl.DateTimeFormat().resolvedOptions().timeZone : zone;
}

export function NewSchedulePanel({ onMade, onClose }: { onMade(id: string): void; onClose(): void }) {
  const { zone } = usePreferences();
  return (
    <SidePanel label={t("schedule.new")} title={t("schedule.new")} onClose={onClose}>
      <Part title={t("route.about")}>
        <ScheduleForm
          begin={emptySchedule(zoneOf(zone))}
          confirm={t("schedule.make")}
          save={(draft) => calls.makeSchedule(scheduleWish(draft))}
          onSaved={({ id }) => onMade(id)}
          onCancel={onClose}
        />
      </Part>
    </SidePanel>
  );
}

type Asked = "edit" | "run" | "delete" | null;

function Actions({ schedule, onClose }: { schedule: Schedule; onClose(): void }) {
  const client = useQueryClient();
  const [asked, setAsked] = useState<Asked>(null);
  const [key, setKey] = useState(requestKey);
  const { id, enabled } = schedule;
  const again = () => client.invalidateQueries({ queryKey: SCHEDULES_KEY });
  const turning = useMutation({
    mutationFn: () => calls.changeSchedule(id, asWished(schedule, !enabled)),
    onSuccess: again,
  });
  const done = () => {
    setAsked(null);
    void again();
  };
  const cancel = () => setAsked(null);
  if (asked === "edit") {
    return (
      <ScheduleForm
        begin={scheduleDraft(schedule)}
        confirm={t("schedule.save")}
        save={(draft) => calls.changeSchedule(id, scheduleWish(draft))}
        onSaved={done}
        onCancel={cancel}
      />
    );
  }
  if (asked === "run") {
    return (
      <ReasonForm
        effect={t("schedule.run_effect", {
          who: whoWords(schedule),
          what: orderWords(schedule.order),
          cost: t("schedule.cost_each"),
        })}
        confirm={t("schedule.run_confirm")}
        run={(reason) => calls.runSchedule(id, reason, key)}
        onDone={() => {
          setKey(requestKey());
          done();
        }}
        onCancel={cancel}
      />
    );
  }
  if (asked === "delete") {
    return (
      <Confirm
        effect={t("schedule.delete_effect")}
        confirm={t("schedule.delete_confirm")}
        run={() => calls.deleteSchedule(id)}
        onDone={() => {
          onClose();
          void again();
        }}
        onCancel={cancel}
      />
    );
  }
  return (
    <>
      <div className={form.buttons}>
        <Button variant="default" onClick={() => setAsked("run")}>
          {t("schedule.run")}
        </Button>
        <Button variant="default" onClick={() => setAsked("edit")}>
          {t("schedule.edit")}
        </Button>
        <Button variant="default" loading={turning.isPending} onClick={() => turning.mutate()}>
          {t(enabled ? "schedule.turn_off" : "schedule.turn_on")}
        </Button>
        <Button variant="default" onClick={() => setAsked("delete")}>
          {t("schedule.delete")}
        </Button>
      </div>
      {turning.error && <ErrorNote error={turning.error} />}
    </>
  );
}

interface Props {
  schedule: Schedule | undefined;
  waiting: boolean;
  onClose(): void;
}

export function SchedulePanel({ schedule, waiting, onClose }: Props) {
  const may = useSession().role !== "viewer";
  if (schedule === undefined) {
    return (
      <SidePanel label={t("schedule.panel")} title={t("schedule.panel")} onClose={onClose}>
        {waiting ? (
          <div className={css.wait}>
            <Skeleton height={80} />
          </div>
        ) : (
          <Empty title={t("schedule.gone")}>{t("schedule.gone_how")}</Empty>
        )}
      </SidePanel>
    );
  }
  return (
    <SidePanel label={t("schedule.panel")} title={schedule.name} onClose={onClose}>
      <Part title={t("schedule.standing")}>
        <Facts>
          <Fact name={t("schedule.who")}>{whoWords(schedule)}</Fact>
          <Fact name={t("schedule.what")}>{orderWords(schedule.order)}</Fact>
          <Fact name={t("schedule.when")}>{whenWords(schedule)}</Fact>
          <Fact name={t("schedule.next")} why={t("schedule.off")}>
            {schedule.next_at && <AgoExact at={schedule.next_at} />}
          </Fact>
          <Fact name={t("schedule.last")} why={t("schedule.never")}>
            {schedule.last_at && (
              <>
                <AgoExact at={schedule.last_at} />
                {schedule.last_result && <p>{schedule.last_result}</p>}
              </>
            )}
          </Fact>
          <Fact name={t("schedule.made_by")}>{schedule.created_by}</Fact>
        </Facts>
      </Part>
      <Part title={t("endpoint.actions")}>
        {may ? <Actions schedule={schedule} onClose={onClose} /> : <p className="quiet">{t("schedule.operator")}</p>}
      </Part>
    </SidePanel>
  );
}
