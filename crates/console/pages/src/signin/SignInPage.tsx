// The way in: takes the token after the # of the address, or one that is pasted.
import { Button, TextInput } from "@mantine/core";
import { useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useCallback, useEffect, useRef, useState } from "react";
import { useNavigate, useSearchParams } from "react-router";
import { signIn } from "../api/calls";
import { SESSION_KEY } from "../api/session";
import { safeNext, tokenIn } from "../domain/signin";
import { t } from "../text/text";
import { Brand } from "../ui/Brand";
import { ErrorNote } from "../ui/ErrorNote";
import css from "./signin.module.css";

export function SignInPage() {
  const client = useQueryClient();
  const navigate = useNavigate();
  const [search] = useSearchParams();
  const [text, setText] = useState("");
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const next = safeNext(search.get("next"));

  const enter = useCallback(
    async (token: string) => {
      setBusy(true);
      setError(null);
      try {
        client.setQueryData(SESSION_KEY, await signIn(token));
        navigate(next, { replace: true });
      } catch (failed) {
        setError(failed);
        setBusy(false);
      }
    },
    [client, navigate, next],
  );

  const tried = useRef(false);
  useEffect(() => {
    const token = tokenIn(window.location.hash);
    if (token === "" || tried.current) return;
    tried.current = true;
    // The token leaves the address before anything else can read or share it.
    window.history.replaceState(window.history.state, "", window.location.pathname + window.location.search);
    void enter(token);
  }, [enter]);

  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (text.trim() !== "") void enter(tokenIn(text));
  };
  return (
    <main className={css.page}>
      <form className={css.form} onSubmit={submit}>
        <h1>
          <Brand size={30} /> {t("name")}
        </h1>
        <p className="quiet">{t("signin.how")}</p>
        <code className={css.code}>fairlead token create</code>
        <TextInput
          size="md"
          label={t("signin.field")}
          autoComplete="off"
          spellCheck={false}
          autoFocus
          value={text}
          onChange={(e) => setText(e.currentTarget.value)}
        />
        <Button type="submit" size="md" loading={busy}>
          {t("signin.enter")}
        </Button>
        {error !== null && <ErrorNote error={error} />}
      </form>
    </main>
  );
}
