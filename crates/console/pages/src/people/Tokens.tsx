// What programs sign in with.
import { Button } from "@mantine/core";
import { IconPlus } from "@tabler/icons-react";
import type { ReactNode } from "react";
import type { Token } from "../api/types";
import { hasEnded } from "../domain/people";
import { useNow } from "../live/store";
import { t } from "../text/text";
import { Ago } from "../ui/Ago";
import { Empty } from "../ui/Empty";
import { Roster, usePaged } from "../ui/Roster";
import { SectionFrame } from "../ui/SectionFrame";
import { StateMark } from "../ui/StateMark";
import { useAddress } from "../ui/useAddress";
import * as calls from "./calls";
import { NewTokenPanel } from "./NewTokenPanel";
import css from "./people.module.css";
import { TokenPanel } from "./TokenPanel";

export const TOKENS_KEY = ["tokens"];

/** In the place of an id: the form for a new one. */
const NEW = "new";

export function scopeWords(token: Pick<Token, "scopes">): string {
  if (token.scopes.length === 0) return t("token.everything");
  return token.scopes.map((scope) => t(`token.scope.${scope}`)).join(", ");
}

function TokenRow({ token }: { token: Token }) {
  const now = useNow();
  return (
    <div className={`${css.cells} ${css.tokens}`}>
      <span className={css.name} title={token.name}>
        {token.name}
      </span>
      <span className={css.role}>{t(`role.${token.role}`)}</span>
      <span className={css.state}>{scopeWords(token)}</span>
      <span className={css.end}>
        {token.expires_at === null ? (
          t("token.no_end")
        ) : hasEnded(token, now) ? (
          <>
            <StateMark state="silent" size={10} /> {t("token.ended")}
          </>
        ) : (
          <Ago at={token.expires_at} />
        )}
      </span>
      <span className={css.time}>
        {token.last_used_at ? <Ago at={token.last_used_at} /> : <span className="quiet">–</span>}
      </span>
    </div>
  );
}

export function Tokens({ tabs }: { tabs: ReactNode }) {
  const [search, change] = useAddress();
  const paged = usePaged(TOKENS_KEY, calls.tokens);
  const opened = search.get("open");
  const show = (id: string | null) => change({ open: id }, id !== null && opened !== null);
  const close = () => show(null);
  const panel =
    opened === null ? null : opened === NEW ? (
      <NewTokenPanel onClose={close} />
    ) : (
      <TokenPanel
        key={opened}
        token={paged.items.find(({ id }) => id === opened)}
        waiting={paged.waiting}
        onClose={close}
      />
    );
  return (
    <SectionFrame
      label={t("people.section.tokens")}
      tabs={tabs}
      panel={panel}
      aside={
        <Button leftSection={<IconPlus size={16} aria-hidden="true" />} onClick={() => show(NEW)}>
          {t("token.create")}
        </Button>
      }
    >
      <Roster
        label={t("people.section.tokens")}
        className={`${css.cells} ${css.tokens}`}
        paged={paged}
        opened={opened === NEW ? null : opened}
        head={
          <>
            <span>{t("token.name")}</span>
            <span>{t("token.role")}</span>
            <span className={css.state}>{t("token.scopes")}</span>
            <span className={css.end}>{t("token.expires")}</span>
            <span className={css.time}>{t("token.last")}</span>
          </>
        }
        row={(token) => <TokenRow token={token} />}
        more={t("people.more")}
        empty={<Empty title={t("token.empty")}>{t("token.empty_how")}</Empty>}
        onOpen={show}
      />
    </SectionFrame>
  );
}
