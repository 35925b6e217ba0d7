// One token: what it may, how it was used, and its end.
import { Button, Skeleton } from "@mantine/core";
import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { Link } from "react-router";
import type { Token } from "../api/types";
import { t } from "../text/text";
import { AgoExact } from "../ui/Ago";
import { Confirm } from "../ui/Confirm";
import { Empty } from "../ui/Empty";
import { Fact, Facts, Part } from "../ui/Facts";
import form from "../ui/form.module.css";
import { SidePanel } from "../ui/SidePanel";
import * as calls from "./calls";
import css from "./people.module.css";
import { TOKENS_KEY } from "./Tokens";

function Revoke({ token, onRevoked }: { token: Token; onRevoked(): void }) {
  const client = useQueryClient();
  const [asked, setAsked] = useState(false);
  if (!asked) {
    return (
      <div className={form.buttons}>
        <Button variant="default" onClick={() => setAsked(true)}>
          {t("token.revoke")}
        </Button>
      </div>
    );
  }
  return (
    <Confirm
      effect={t("token.revoke_effect", { name: token.name })}
      confirm={t("token.revoke_confirm", { name: token.name })}
      run={() => calls.revokeToken(token.id)}
      onDone={() => {
        void client.invalidateQueries({ queryKey: TOKENS_KEY });
        onRevoked();
      }}
      onCancel={() => setAsked(false)}
    />
  );
}

interface Props {
  token: Token | undefined;
  waiting: boolean;
  onClose(): void;
}

export function TokenPanel({ token, waiting, onClose }: Props) {
  return (
    <SidePanel label={t("token.panel")} title={token?.name ?? t("token.panel")} onClose={onClose}>
      {token ? (
        <>
          <Part title={t("token.about")}>
            <Facts>
              <Fact name={t("token.role")}>{t(`role.${token.role}`)}</Fact>
              <Fact name={t("token.created")}>
                <AgoExact at={token.created_at} />
              </Fact>
              <Fact name={t("token.expires")} why={t("token.no_end")}>
                {token.expires_at && <AgoExact at={token.expires_at} />}
              </Fact>
              <Fact name={t("token.last")} why={t("token.never_used")}>
                {token.last_used_at && <AgoExact at={token.last_used_at} />}
              </Fact>
              <Fact name={t("people.audit")}>
                <Link className="link" to={`/people?show=audit&actor=${encodeURIComponent(token.name)}`}>
                  {t("people.audit_open")}
                </Link>
              </Fact>
            </Facts>
          </Part>
          <Part title={t("token.scopes")}>
            {token.scopes.length === 0 ? (
              <p>{t("token.everything_how")}</p>
            ) : (
              <Facts>
                {token.scopes.map((scope) => (
                  <Fact key={scope} name={t(`token.scope.${scope}`)}>
                    {t(`token.scope_is.${scope}`)}
                  </Fact>
                ))}
              </Facts>
            )}
          </Part>
          <Part title={t("token.revoke")}>
            <Revoke token={token} onRevoked={onClose} />
          </Part>
        </>
      ) : waiting ? (
        <div className={css.waiting}>
          <Skeleton height={80} />
        </div>
      ) : (
        <Empty title={t("token.gone")}>{t("token.gone_how")}</Empty>
      )}
    </SidePanel>
  );
}
