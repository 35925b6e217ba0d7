// Schedules: who is told what again and again, when next, and what came of it last.
import { Button } from "@mantine/core";
import { IconPlus } from "@tabler/icons-react";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { useSession } from "../api/session";
import { orderWords } from "../domain/orders";
import { asWished, whenWords, whoWords } from "../domain/plans";
import type { Schedule } from "../routes/apiTypes";
import { readAll } from "../routes/data";
import { Turn } from "../routes/Turn";
import { t } from "../text/text";
import { Ago } from "../ui/Ago";
import { Empty } from "../ui/Empty";
import { ErrorNote } from "../ui/ErrorNote";
import { Roster, wholeList } from "../ui/Roster";
import { SectionFrame } from "../ui/SectionFrame";
import { useAddress } from "../ui/useAddress";
import * as calls from "./calls";
import css from "./plans.module.css";
import { NewSchedulePanel, SchedulePanel } from "./SchedulePanel";

export const SCHEDULES_KEY = ["schedules"] as const;
const EVERY_MS = 30_000;
const NEW = "new";

interface RowProps {
  schedule: Schedule;
  onTurn: ((schedule: Schedule, on: boolean) => void) | undefined;
}

function ScheduleRow({ schedule, onTurn }: RowProps) {
  const { name, enabled, next_at: next, last_at: last, last_result: result } = schedule;
  return (
    <div className={`${css.cells} ${css.schedules}`}>
      <span className={css.switch}>
        <Turn on={enabled} onTurn={onTurn && ((on) => onTurn(schedule, on))} />
      </span>
      <span className={css.name} title={name}>
        {name}
      </span>
      <span className={css.who} title={whoWords(schedule)}>
        {whoWords(schedule)}
      </span>
      <span className={css.what} title={orderWords(schedule.order)}>
        {orderWords(schedule.order)}
      </span>
      <span className={css.when} title={whenWords(schedule)}>
        {whenWords(schedule)}
      </span>
      <span className={`${css.number} ${css.next}`}>
        {next ? <Ago at={next} /> : <span className="quiet">{t("schedule.off")}</span>}
      </span>
      <span className={css.last} title={result ?? undefined}>
        {last ? (
          <>
            <Ago at={last} past />
            {result && <span className="quiet"> · {result}</span>}
          </>
        ) : (
          <span className="quiet">{t("schedule.never")}</span>
        )}
      </span>
    </div>
  );
}

export function Schedules({ tabs }: { tabs: ReactNode }) {
  const may = useSession().role !== "viewer";
  const client = useQueryClient();
  const [search, change] = useAddress();
  const asked = useQuery({
    queryKey: SCHEDULES_KEY,
    queryFn: () => readAll(calls.schedules),
    refetchInterval: EVERY_MS,
  });
  const turning = useMutation({
    mutationFn: ({ schedule, on }: { schedule: Schedule; on: boolean }) =>
      calls.changeSchedule(schedule.id, asWished(schedule, on)),
    onSuccess: () => client.invalidateQueries({ queryKey: SCHEDULES_KEY }),
  });
  const opened = search.get("open");
  const show = (id: string | null) => change({ open: id }, id !== null && opened !== null);
  const close = () => show(null);
  return (
    <SectionFrame
      label={t("outgoing.section.schedules")}
      tabs={tabs}
      aside={
        may && (
          <Button leftSection={<IconPlus size={16} aria-hidden="true" />} onClick={() => show(NEW)}>
            {t("schedule.new")}
          </Button>
        )
      }
      panel={
        opened === null ? null : opened === NEW ? (
          <NewSchedulePanel onMade={show} onClose={close} />
        ) : (
          <SchedulePanel
            key={opened}
            schedule={asked.data?.find(({ id }) => id === opened)}
            waiting={asked.isPending}
            onClose={close}
          />
        )
      }
    >
      {turning.error && <ErrorNote error={turning.error} />}
      <Roster
        label={t("outgoing.section.schedules")}
        className={`${css.cells} ${css.schedules}`}
        paged={wholeList(asked)}
        opened={opened === NEW ? null : opened}
        head={
          <>
            <span />
            <span className={css.name}>{t("schedule.name")}</span>
            <span className={css.who}>{t("schedule.who")}</span>
            <span className={css.what}>{t("schedule.what")}</span>
            <span className={css.when}>{t("schedule.when")}</span>
            <span className={`${css.number} ${css.next}`}>{t("schedule.next")}</span>
            <span className={css.last}>{t("schedule.last")}</span>
          </>
        }
        row={(schedule) => (
          <ScheduleRow
            schedule={schedule}
            onTurn={may ? (of, on) => turning.mutate({ schedule: of, on }) : undefined}
          />
        )}
        narrowRow={76}
        more={t("plans.more")}
        empty={
          <Empty title={t("schedule.empty")}>
            <p>{t("schedule.empty_how")}</p>
            {!may && <p>{t("schedule.operator")}</p>}
          </Empty>
        }
        onOpen={show}
      />
    </SectionFrame>
  );
}
