// Who pays: whether each account sends, why not, what waits for it and what it has spent; and pausing it.
import { Button, Skeleton } from "@mantine/core";
import { useState } from "react";
import * as calls from "../api/calls";
import { useSession } from "../api/session";
import type { Account } from "../api/types";
import { maySettle } from "../domain/outgoing";
import { hear } from "../live/store";
import { t } from "../text/text";
import { Ago } from "../ui/Ago";
import { Empty } from "../ui/Empty";
import { ErrorNote } from "../ui/ErrorNote";
import { ReasonForm } from "../ui/ReasonForm";
import { Sentence } from "../ui/Sentence";
import { AccountMark, StateMark } from "../ui/StateMark";
import css from "./outgoing.module.css";

function Figure({ name, value, alarming }: { name: string; value: number; alarming?: boolean }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>
        {alarming && <StateMark state="problem" size={10} />} {value.toLocaleString("en")}
      </dd>
    </div>
  );
}

function AccountCard({ account }: { account: Account }) {
  const { role } = useSession();
  const [changing, setChanging] = useState(false);
  const { name, state } = account;
  const action = state === "paused" ? "resume" : "pause";
  const effect =
    action === "resume"
      ? t("account.effect.resume", { name, n: account.waiting })
      : t("account.effect.pause", { name });
  return (
    <article className={css.account} aria-label={name}>
      <p className={css.accountHead}>
        <AccountMark state={state} />
        <b>{name}</b>
        <span className="quiet">
          {t(`account.state.${state}`)}
          {account.paused_since && (
            <>
              , <Ago at={account.paused_since} />
            </>
          )}
        </span>
        {maySettle(role) && !changing && state !== "no_credentials" && (
          <Button variant="default" size="xs" onClick={() => setChanging(true)}>
            {t(`account.${action}`)}
          </Button>
        )}
      </p>
      {account.reason && (
        <p>
          <Sentence text={account.reason} />
        </p>
      )}
      <dl className={css.figures}>
        <Figure name={t("account.waiting")} value={account.waiting} />
        <Figure name={t("account.unknown")} value={account.unknown} alarming={account.unknown > 0} />
        <Figure name={t("account.today")} value={account.credits_today} />
        <Figure name={t("account.month")} value={account.credits_30_days} />
      </dl>
      {changing && (
        <ReasonForm
          effect={effect}
          confirm={t(`account.confirm.${action}`, { name })}
          run={(reason) => (action === "pause" ? calls.pauseAccount : calls.resumeAccount)(name, reason)}
          onDone={(changed) => {
            setChanging(false);
            hear({ type: "account", account: changed });
          }}
          onCancel={() => setChanging(false)}
        />
      )}
    </article>
  );
}

interface Props {
  accounts: Account[];
  waiting: boolean;
  error: unknown;
  retry(): void;
}

export function Accounts({ accounts, waiting, error, retry }: Props) {
  return (
    <section className={css.accounts} aria-label={t("account.title")}>
      {error !== null && <ErrorNote error={error} retry={retry} />}
      {waiting && <Skeleton height={112} />}
      {!waiting && error === null && accounts.length === 0 && (
        <Empty title={t("account.none")}>
          <p>
            <Sentence text={t("account.none_how")} />
          </p>
        </Empty>
      )}
      {accounts.map((account) => (
        <AccountCard key={account.name} account={account} />
      ))}
    </section>
  );
}
