// A webhook's signing secrets: which there are, a new one shown once, and taking an old one away.
import { Button } from "@mantine/core";
import { useState } from "react";
import { t } from "../text/text";
import { Ago } from "../ui/Ago";
import { Confirm } from "../ui/Confirm";
import { Part } from "../ui/Facts";
import { Once } from "../ui/Once";
import { useMayEndpoint } from "./Area";
import type { Endpoint } from "./apiTypes";
import * as calls from "./calls";
import { useTake } from "./data";
import css from "./routes.module.css";
import { Verify } from "./Verify";

/** As many as the server keeps for one endpoint. */
const MOST = 5;

export function SecretsPart({ endpoint }: { endpoint: Endpoint }) {
  const may = useMayEndpoint();
  const take = useTake();
  /** The number of the one to be taken away, or a new one to be made. */
  const [asked, setAsked] = useState<number | "new" | null>(null);
  const [secret, setSecret] = useState<string | null>(null);
  const { id, signing_keys: keys } = endpoint;
  const cancel = () => setAsked(null);
  return (
    <>
      <Part title={t("endpoint.secrets")}>
        <p className="quiet">{t("endpoint.secrets_how")}</p>
        <ul className={css.keys}>
          {keys.map(({ number, hint, created_at }) => (
            <li key={number}>
              <span>{t("endpoint.secret", { number })}</span>
              <span className="mono">whsec_{hint}…</span>
              <span className="quiet">
                <Ago at={created_at} past />
              </span>
              {may && keys.length > 1 && asked === null && (
                <Button variant="default" size="compact-sm" onClick={() => setAsked(number)}>
                  {t("endpoint.secret_drop")}
                </Button>
              )}
            </li>
          ))}
        </ul>
        {secret !== null ? (
          <Once note={t("endpoint.secret_once")} secret={secret} action={t("endpoint.secret_copy")} />
        ) : asked === "new" ? (
          <Confirm
            effect={t("endpoint.secret_new_effect")}
            confirm={t("endpoint.secret_new_confirm")}
            run={() => calls.newSecret(id)}
            onDone={(made) => {
              take.endpoint(made.endpoint);
              setSecret(made.signing_secret);
              cancel();
            }}
            onCancel={cancel}
          />
        ) : asked !== null ? (
          <Confirm
            effect={t("endpoint.secret_drop_effect", { number: asked })}
            confirm={t("endpoint.secret_drop_confirm", { number: asked })}
            run={() => calls.dropSecret(id, asked)}
            onDone={() => {
              cancel();
              take.all();
            }}
            onCancel={cancel}
          />
        ) : (
          may &&
          (keys.length < MOST ? (
            <Button variant="default" onClick={() => setAsked("new")}>
              {t("endpoint.secret_new")}
            </Button>
          ) : (
            <p className="quiet">{t("endpoint.secret_most")}</p>
          ))
        )}
      </Part>
      {secret !== null && <Verify />}
    </>
  );
}
