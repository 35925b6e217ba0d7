// One budget: how it stands, its form, and its end.
import { Button, NativeSelect, Skeleton, TextInput } from "@mantine/core";
import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useSession } from "../api/session";
import {
  type BudgetDraft,
  budgetByField,
  budgetDraft,
  budgetFlaws,
  budgetStanding,
  budgetWish,
  emptyBudget,
} from "../domain/plans";
import { useGroups } from "../registry/data";
import type { Budget } from "../routes/apiTypes";
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
import { leaveByEscape } from "../ui/ReasonForm";
import { SidePanel } from "../ui/SidePanel";
import { StateMark } from "../ui/StateMark";
import { Bar, BUDGETS_KEY, STANDING_MARK, scopeWords } from "./Budgets";
import * as calls from "./calls";
import css from "./plans.module.css";
import { useAccounts } from "./useAccounts";
import { usePlanForm } from "./usePlanForm";

const SCOPES = ["account", "group", "device"] as const;
const PERIODS = ["day", "month"] as const;

interface ScopeProps {
  draft: BudgetDraft;
  flaw: string | undefined;
  set(change: Partial<BudgetDraft>): void;
}

function ScopeFields({ draft, flaw, set }: ScopeProps) {
  const { accounts } = useAccounts();
  const { data: groups = [] } = useGroups();
  if (draft.scope === "device") {
    return (
      <DeviceField label={t("route.device")} error={flaw} value={draft.device} onChange={(device) => set({ device })} />
    );
  }
  const group = draft.scope === "group";
  const names = accounts.map(({ name }) => name);
  if (draft.account !== "" && !names.includes(draft.account)) names.push(draft.account);
  return (
    <NativeSelect
      rightSection={chevron}
      label={t(group ? "route.group" : "budget.account")}
      error={flaw}
      value={group ? draft.group : draft.account}
      onChange={(e) => set({ [group ? "group" : "account"]: e.currentTarget.value })}
      data={
        group
          ? [{ value: "", label: t("route.group_pick") }, ...groups.map(({ id, name }) => ({ value: id, label: name }))]
          : [{ value: "", label: t("budget.account_pick") }, ...names.map((name) => ({ value: name, label: name }))]
      }
    />
  );
}

interface FormProps {
  begin: BudgetDraft;
  confirm: string;
  save(draft: BudgetDraft): Promise<Budget>;
  onSaved(budget: Budget): void;
  onCancel(): void;
}

function BudgetForm({ begin, confirm, save, onSaved, onCancel }: FormProps) {
  const { draft, flaws, set, submit, failure, isPending } = usePlanForm({
    begin,
    queryKey: BUDGETS_KEY,
    flawsOf: budgetFlaws,
    byField: budgetByField,
    save,
    onSaved,
  });
  return (
    <form className={form.form} noValidate onSubmit={submit} onKeyDown={leaveByEscape(onCancel)}>
      <Choices
        label={t("budget.whose")}
        values={SCOPES}
        chosen={draft.scope}
        words={(one) => t(`budget.scope.${one}`)}
        onChoose={(scope) => set({ scope })}
      />
      <ScopeFields draft={draft} flaw={flaws.scope} set={set} />
      <TextInput
        label={t("budget.credits")}
        description={t("budget.credits_how")}
        inputMode="numeric"
        maxLength={14}
        error={flaws.credits}
        value={draft.credits}
        onChange={(e) => set({ credits: e.currentTarget.value })}
      />
      <Choices
        label={t("budget.period")}
        values={PERIODS}
        chosen={draft.period}
        words={(one) => t(`budget.period.${one}`)}
        onChoose={(period) => set({ period })}
      />
      <p className="quiet">{t("budget.period_how")}</p>
      <TextInput
        label={t("budget.warn")}
        description={t("budget.warn_how")}
        inputMode="numeric"
        maxLength={3}
        error={flaws.warn}
        value={draft.warn}
        onChange={(e) => set({ warn: e.currentTarget.value })}
      />
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

export function NewBudgetPanel({ onMade, onClose }: { onMade(id: string): void; onClose(): void }) {
  const { accounts } = useAccounts();
  const [only, another] = accounts;
  return (
    <SidePanel label={t("budget.new")} title={t("budget.new")} onClose={onClose}>
      <Part title={t("budget.whose")}>
        <BudgetForm
          begin={emptyBudget(only && !another ? only.name : "")}
          confirm={t("budget.make")}
          save={(draft) => calls.makeBudget(budgetWish(draft))}
          onSaved={({ id }) => onMade(id)}
          onCancel={onClose}
        />
      </Part>
    </SidePanel>
  );
}

function Standing({ budget }: { budget: Budget }) {
  const standing = budgetStanding(budget);
  return (
    <Part title={t("budget.standing")}>
      <div className={css.standing}>
        <Bar budget={budget} />
        <p>
          <StateMark state={STANDING_MARK[standing]} size={10} /> <b>{t(`budget.${standing}`)}</b>{" "}
          <span className="quiet">{t("budget.bar", { spent: budget.spent, credits: budget.credits })}</span>
        </p>
        {standing === "out" && <p className="quiet">{t("budget.out_how")}</p>}
      </div>
      <Facts>
        <Fact name={t("budget.left")}>{budget.left.toLocaleString("en")}</Fact>
        <Fact name={t("budget.period")}>{t(`budget.period.${budget.period}`)}</Fact>
        <Fact name={t("budget.renews")}>
          <AgoExact at={budget.renews_at} />
        </Fact>
        <Fact name={t("budget.warned_at")}>{t("budget.percent", { n: budget.warn_percent })}</Fact>
        <Fact name={t("schedule.made_by")}>{budget.created_by}</Fact>
      </Facts>
    </Part>
  );
}

interface Props {
  budget: Budget | undefined;
  waiting: boolean;
  onClose(): void;
}

export function BudgetPanel({ budget, waiting, onClose }: Props) {
  const { role } = useSession();
  const client = useQueryClient();
  const [asked, setAsked] = useState(false);
  if (budget === undefined) {
    return (
      <SidePanel label={t("budget.panel")} title={t("budget.panel")} onClose={onClose}>
        {waiting ? (
          <div className={css.wait}>
            <Skeleton height={80} />
          </div>
        ) : (
          <Empty title={t("budget.gone")}>{t("budget.gone_how")}</Empty>
        )}
      </SidePanel>
    );
  }
  const { id } = budget;
  return (
    <SidePanel label={t("budget.panel")} title={scopeWords(budget)} onClose={onClose}>
      <Standing budget={budget} />
      {role === "admin" ? (
        <>
          <Part title={t("budget.change")}>
            <BudgetForm
              key={JSON.stringify(budget.scope) + budget.credits + budget.period + budget.warn_percent}
              begin={budgetDraft(budget)}
              confirm={t("budget.save")}
              save={(draft) => calls.changeBudget(id, budgetWish(draft))}
              onSaved={() => undefined}
              onCancel={onClose}
            />
          </Part>
          <Part title={t("budget.delete")}>
            {asked ? (
              <Confirm
                effect={t("budget.delete_effect")}
                confirm={t("budget.delete_confirm")}
                run={() => calls.deleteBudget(id)}
                onDone={() => {
                  onClose();
                  void client.invalidateQueries({ queryKey: BUDGETS_KEY });
                }}
                onCancel={() => setAsked(false)}
              />
            ) : (
              <div className={form.buttons}>
                <Button variant="default" onClick={() => setAsked(true)}>
                  {t("budget.delete")}
                </Button>
              </div>
            )}
          </Part>
        </>
      ) : (
        <Part title={t("budget.change")}>
          <p className="quiet">{t("budget.admin")}</p>
        </Part>
      )}
    </SidePanel>
  );
}
