// Budgets: how many credits may be spent, how many are, and when they renew.
import { Button } from "@mantine/core";
import { IconPlus } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { useSession } from "../api/session";
import { budgetStanding } from "../domain/plans";
import type { Budget } from "../routes/apiTypes";
import { readAll } from "../routes/data";
import { t } from "../text/text";
import { Ago } from "../ui/Ago";
import { Empty } from "../ui/Empty";
import { Roster, wholeList } from "../ui/Roster";
import { SectionFrame } from "../ui/SectionFrame";
import { StateMark } from "../ui/StateMark";
import { useAddress } from "../ui/useAddress";
import { BudgetPanel, NewBudgetPanel } from "./BudgetPanel";
import * as calls from "./calls";
import css from "./plans.module.css";

export const BUDGETS_KEY = ["budgets"] as const;
const EVERY_MS = 30_000;
const NEW = "new";

/** How a standing looks; its word stands beside it. */
export const STANDING_MARK = { ok: "ok", low: "late", out: "silent" } as const;

export const scopeWords = ({ scope, scope_name: name }: Budget) => t(`budget.of.${scope.type}`, { name });

/** How much of it is spent, with a line where a person is warned. */
export function Bar({ budget }: { budget: Budget }) {
  const { spent, credits, warn_percent: warn } = budget;
  const part = credits === 0 ? 100 : Math.min(100, (100 * spent) / credits);
  return (
    <span
      className={css.bar}
      role="img"
      aria-label={t("budget.bar", { spent, credits })}
      data-standing={budgetStanding(budget)}
    >
      <i style={{ width: `${part}%` }} />
      <s style={{ left: `${warn}%` }} />
    </span>
  );
}

function BudgetRow({ budget }: { budget: Budget }) {
  const standing = budgetStanding(budget);
  return (
    <div className={`${css.cells} ${css.budgets}`}>
      <span className={css.name} title={scopeWords(budget)}>
        {scopeWords(budget)}
      </span>
      <span className={css.period}>
        {budget.credits.toLocaleString("en")} {t(`budget.period.${budget.period}`)}
      </span>
      <span className={css.barCell}>
        <Bar budget={budget} />
      </span>
      <span className={css.state}>
        <StateMark state={STANDING_MARK[standing]} size={10} /> {t(`budget.${standing}`)}
      </span>
      <span className={`${css.number} ${css.spent}`}>{budget.spent.toLocaleString("en")}</span>
      <span className={css.number}>{budget.left.toLocaleString("en")}</span>
      <span className={`${css.number} ${css.renews}`}>
        <Ago at={budget.renews_at} />
      </span>
    </div>
  );
}

export function Budgets({ tabs }: { tabs: ReactNode }) {
  const { role } = useSession();
  const [search, change] = useAddress();
  const asked = useQuery({
    queryKey: BUDGETS_KEY,
    queryFn: () => readAll(calls.budgets),
    refetchInterval: EVERY_MS,
  });
  const opened = search.get("open");
  const show = (id: string | null) => change({ open: id }, id !== null && opened !== null);
  const close = () => show(null);
  return (
    <SectionFrame
      label={t("outgoing.section.budgets")}
      tabs={tabs}
      aside={
        role === "admin" && (
          <Button leftSection={<IconPlus size={16} aria-hidden="true" />} onClick={() => show(NEW)}>
            {t("budget.new")}
          </Button>
        )
      }
      panel={
        opened === null ? null : opened === NEW ? (
          <NewBudgetPanel onMade={show} onClose={close} />
        ) : (
          <BudgetPanel
            key={opened}
            budget={asked.data?.find(({ id }) => id === opened)}
            waiting={asked.isPending}
            onClose={close}
          />
        )
      }
    >
      <Roster
        label={t("outgoing.section.budgets")}
        className={`${css.cells} ${css.budgets}`}
        paged={wholeList(asked)}
        opened={opened === NEW ? null : opened}
        head={
          <>
            <span className={css.name}>{t("budget.whose")}</span>
            <span className={css.period}>{t("budget.credits")}</span>
            <span className={css.barCell} />
            <span className={css.state}>{t("outgoing.state")}</span>
            <span className={`${css.number} ${css.spent}`}>{t("budget.spent")}</span>
            <span className={css.number}>{t("budget.left")}</span>
            <span className={`${css.number} ${css.renews}`}>{t("budget.renews")}</span>
          </>
        }
        row={(budget) => <BudgetRow budget={budget} />}
        narrowRow={76}
        more={t("plans.more")}
        empty={
          <Empty title={t("budget.empty")}>
            <p>{t("budget.empty_how")}</p>
            {role !== "admin" && <p>{t("budget.admin")}</p>}
          </Empty>
        }
        onOpen={show}
      />
    </SectionFrame>
  );
}
