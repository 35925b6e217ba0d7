// The way in: a name and a password, or a link or token, which the address may bring after its #.
import { Button, TextInput } from "@mantine/core";
import { useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useCallback, useEffect, useRef, useState } from "react";
import { useNavigate, useSearchParams } from "react-router";
import { signIn, signInByName } from "../api/calls";
import { ApiError } from "../api/client";
import { SESSION_KEY } from "../api/session";
import type { Session } from "../api/types";
import { safeNext, tokenIn } from "../domain/signin";
import { span } from "../domain/time";
import { PasswordField } from "../me/PasswordFields";
import { t } from "../text/text";
import { Brand } from "../ui/Brand";
import { ErrorNote } from "../ui/ErrorNote";
import form from "../ui/form.module.css";
import { Sentence } from "../ui/Sentence";
import css from "./signin.module.css";
import { useWait } from "./useWait";

interface Way {
  busy: boolean;
  /** Seconds until the next try is heard. */
  wait: number;
  error: unknown;
  enter(run: () => Promise<Session>): void;
}

/** One way in, with its own error beside it. */
function useWay(next: string, onRefused?: () => void): Way {
  const client = useQueryClient();
  const navigate = useNavigate();
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const [wait, setWait] = useWait(() => setError(null));
  const refused = useRef(onRefused);
  refused.current = onRefused;
  const enter = useCallback(
    async (run: () => Promise<Session>) => {
      setBusy(true);
      setError(null);
      try {
        const session = await run();
        client.setQueryData(SESSION_KEY, session);
        // Whoever came by a person's link has no password, or has forgotten it.
        const choose = session.person_id !== null && !session.needs_old_password;
        navigate(choose ? `/sign-in/password?next=${encodeURIComponent(next)}` : next, { replace: true });
      } catch (failed) {
        setError(failed);
        if (failed instanceof ApiError && failed.retryAfter !== null) setWait(failed.retryAfter);
        setBusy(false);
        refused.current?.();
      }
    },
    [client, navigate, next, setWait],
  );
  return { busy, wait, error, enter };
}

function ByName({ next }: { next: string }) {
  const [name, setName] = useState("");
  const [password, setPassword] = useState("");
  const field = useRef<HTMLInputElement>(null);
  const { busy, wait, error, enter } = useWay(next, () => field.current?.select());
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (name.trim() === "" || password === "" || busy || wait > 0) return;
    enter(() => signInByName(name.trim(), password));
  };
  return (
    <form className={form.form} onSubmit={submit} aria-label={t("signin.enter")}>
      <TextInput
        size="md"
        label={t("signin.name")}
        name="username"
        autoComplete="username"
        autoCapitalize="none"
        spellCheck={false}
        autoFocus
        value={name}
        onChange={(e) => setName(e.currentTarget.value)}
      />
      <PasswordField
        ref={field}
        size="md"
        label={t("signin.password")}
        name="password"
        autoComplete="current-password"
        value={password}
        onChange={(e) => setPassword(e.currentTarget.value)}
      />
      {error !== null && <ErrorNote error={error} />}
      <Button type="submit" size="md" loading={busy} disabled={wait > 0}>
        {wait > 0 ? t("signin.enter_in", { span: span(wait) }) : t("signin.enter")}
      </Button>
      <p className={css.aside}>
        <Sentence text={t("signin.forgotten")} />
      </p>
    </form>
  );
}

function ByLink({ next }: { next: string }) {
  const [text, setText] = useState("");
  const { busy, wait, error, enter } = useWay(next);
  const tried = useRef(false);
  useEffect(() => {
    const token = tokenIn(window.location.hash);
    if (token === "" || tried.current) return;
    tried.current = true;
    // The token leaves the address before anything else can read or share it.
    window.history.replaceState(window.history.state, "", window.location.pathname + window.location.search);
    enter(() => signIn(token));
  }, [enter]);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (text.trim() !== "" && !busy && wait === 0) enter(() => signIn(tokenIn(text)));
  };
  return (
    <form className={form.form} onSubmit={submit} aria-label={t("signin.by_link")}>
      <p className={css.aside}>{t("signin.how")}</p>
      <TextInput
        size="md"
        label={t("signin.field")}
        autoComplete="off"
        spellCheck={false}
        value={text}
        onChange={(e) => setText(e.currentTarget.value)}
      />
      {error !== null && <ErrorNote error={error} />}
      <Button type="submit" size="md" variant="default" loading={busy} disabled={wait > 0}>
        {wait > 0 ? t("signin.enter_in", { span: span(wait) }) : t("signin.enter_link")}
      </Button>
    </form>
  );
}

export default function SignInPage() {
  const [search] = useSearchParams();
  const next = safeNext(search.get("next"));
  return (
    <main className={css.page}>
      <div className={css.ways}>
        <h1>
          <Brand size={30} /> {t("name")}
        </h1>
        <ByName next={next} />
        <ByLink next={next} />
      </div>
    </main>
  );
}
