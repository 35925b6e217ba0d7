// Puts a route together: the sentence grows above while its parts are chosen below, with what it would write beside it.
import { Button, Skeleton } from "@mantine/core";
import { useMutation, useQuery } from "@tanstack/react-query";
import { type FormEvent, type ReactNode, useEffect, useMemo, useRef, useState } from "react";
import { ApiError } from "../api/client";
import {
  draftOf,
  draftSentence,
  emptyDraft,
  flawsByField,
  isFlawless,
  type RouteDraft,
  type RouteField,
  routeFlaws,
  wishOf,
} from "../domain/routes";
import { device as readDevice } from "../registry/calls";
import { t } from "../text/text";
import { Empty } from "../ui/Empty";
import { ErrorNote } from "../ui/ErrorNote";
import form from "../ui/form.module.css";
import { leaveByEscape } from "../ui/ReasonForm";
import { AreaTabs, useMayRoute } from "./Area";
import type { Preview, Route } from "./apiTypes";
import * as calls from "./calls";
import { ROUTING, useEndpoints, useRoutes, useTake } from "./data";
import { PreviewPart } from "./PreviewPart";
import { Emphasised } from "./RouteSentence";
import { ConditionsStep, FormatStep, LivesStep, MessagesStep, NameStep, SourceStep } from "./RouteSteps";
import css from "./routes.module.css";
import { TargetStep } from "./TargetStep";

/** People type; the server is asked once they pause. */
const PAUSE_MS = 500;

/** Which refusals say what is wrong with the route; anything else is said as it is. */
const SAYS_WHAT = [400, 404, 409, 422];

function flawsOf(error: unknown) {
  if (!(error instanceof ApiError) || !SAYS_WHAT.includes(error.status)) return flawsByField([]);
  return flawsByField(error.errors.length > 0 ? error.errors : [error.sentence]);
}

/** What the route would write; asked again when the draft has rested. */
function usePreview(wish: string | null) {
  const [rested, setRested] = useState(wish);
  useEffect(() => {
    const timer = window.setTimeout(() => setRested(wish), PAUSE_MS);
    return () => window.clearTimeout(timer);
  }, [wish]);
  return useQuery<Preview>({
    queryKey: [ROUTING, "preview", rested],
    queryFn: () => calls.previewRoute(JSON.parse(rested ?? "{}")),
    enabled: rested !== null,
    placeholderData: (old) => old,
    retry: false,
  });
}

function Frame({ children }: { children: ReactNode }) {
  return (
    <section className={css.page} aria-label={t("route.new")}>
      <header className={css.top}>
        <AreaTabs shown="routes" />
      </header>
      <div className={css.scroll}>{children}</div>
    </section>
  );
}

interface FormProps {
  title: string;
  begin: RouteDraft;
  confirm: string;
  save(draft: RouteDraft): Promise<Route>;
  onDone(id: string): void;
  onClose(): void;
}

function RouteForm({ title, begin, confirm, save, onDone, onClose }: FormProps) {
  const take = useTake();
  const [draft, setDraft] = useState(begin);
  const [tried, setTried] = useState(false);
  const saving = useMutation({
    mutationFn: save,
    onSuccess: (route) => {
      take.route(route);
      onDone(route.id);
    },
  });
  const set = (change: Partial<RouteDraft>) => {
    setDraft((was) => ({ ...was, ...change }));
    if (saving.error) saving.reset();
  };
  const flaws = useMemo(() => routeFlaws(draft), [draft]);
  const sound = isFlawless(flaws);
  const wish = sound ? JSON.stringify(wishOf(draft)) : null;
  const preview = usePreview(wish);
  const told = flawsOf(saving.error ?? (sound ? preview.error : null));
  const flaw = (field: Exclude<RouteField, "conditions">) => told.at[field] ?? (tried ? flaws[field] : null);
  const other = (error: unknown) =>
    error instanceof ApiError && SAYS_WHAT.includes(error.status) ? null : (error ?? null);

  const place = useRef<HTMLFormElement>(null);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    setTried(true);
    if (sound && !saving.isPending) saving.mutate(draft);
    else if (!sound)
      window.setTimeout(() => place.current?.querySelector("[data-flaw]")?.scrollIntoView({ block: "center" }));
  };
  const { sentence, conditions } = draftSentence(draft);
  return (
    <form ref={place} className={css.draft} noValidate onSubmit={submit} onKeyDown={leaveByEscape(onClose)}>
      <header className={css.headline}>
        <h1>{title}</h1>
        <p className={css.grows} aria-live="polite">
          <Emphasised text={sentence} />
          {conditions && `, ${conditions}`}
        </p>
      </header>
      <div className={css.steps}>
        <SourceStep draft={draft} flaw={flaw("source")} set={set} />
        <MessagesStep draft={draft} flaw={flaw("messages")} set={set} />
        <ConditionsStep
          draft={draft}
          flaws={flaws.conditions.map((flaw, i) => told.conditions.get(i) ?? (tried ? flaw : null))}
          flaw={told.at.conditions ?? null}
          set={set}
        />
        <TargetStep draft={draft} flaw={flaw("target")} preview={wish === null ? undefined : preview.data} set={set} />
        {draft.to === "endpoint" ? <FormatStep draft={draft} set={set} /> : <LivesStep draft={draft} set={set} />}
        <NameStep draft={draft} flaw={flaw("name")} set={set} />
        {told.rest.map((one) => (
          <p key={one} role="alert">
            {one}
          </p>
        ))}
        {other(saving.error) && <ErrorNote error={saving.error} />}
        {tried && !sound && <p role="alert">{t("route.flawed")}</p>}
        <div className={form.buttons}>
          <Button type="submit" loading={saving.isPending}>
            {confirm}
          </Button>
          <Button variant="default" onClick={onClose}>
            {t("action.cancel")}
          </Button>
        </div>
      </div>
      <PreviewPart ready={wish !== null} asked={preview} error={other(preview.error)} />
    </form>
  );
}

interface Props {
  onDone(id: string): void;
  onClose(): void;
}

/** What a form begins with that is made after another route, whose source's kind the route does not tell. */
function useDraftOf(id: string | null) {
  const asked = useRoutes();
  const route = asked.data?.find((one) => one.id === id);
  const source = route?.source.type === "device" ? route.source.id : null;
  const kind = useQuery({
    queryKey: ["device", source],
    queryFn: () => readDevice(source ?? ""),
    enabled: source !== null,
    select: (device) => device.kind,
  });
  const waiting = id !== null && (asked.isPending || (source !== null && kind.isPending));
  return { route, kind: kind.data ?? null, waiting, error: asked.error };
}

function Refused({ waiting, onClose }: { waiting: boolean; onClose(): void }) {
  if (waiting) {
    return (
      <div className={css.wait}>
        <Skeleton height={240} />
      </div>
    );
  }
  return (
    <Empty title={t("route.gone")}>
      <p>{t("route.gone_how")}</p>
      <p>
        <Button variant="default" onClick={onClose}>
          {t("action.close")}
        </Button>
      </p>
    </Empty>
  );
}

export function NewRoute({
  like,
  endpoint,
  onDone,
  onClose,
}: Props & { like: string | null; endpoint: string | null }) {
  const may = useMayRoute();
  const { route, kind, waiting } = useDraftOf(like);
  const endpoints = useEndpoints();
  const to = endpoints.data?.find(({ id }) => id === endpoint);
  if (waiting || (endpoint !== null && endpoints.isPending)) {
    return (
      <Frame>
        <Refused waiting onClose={onClose} />
      </Frame>
    );
  }
  const begin = route
    ? draftOf(route, kind)
    : { ...emptyDraft(), endpoint: to ? { id: to.id, kind: to.kind, name: to.name } : null };
  return (
    <Frame>
      {may ? (
        <RouteForm
          title={t("route.new")}
          begin={begin}
          confirm={t("route.make")}
          save={(draft) => calls.makeRoute(wishOf(draft))}
          onDone={onDone}
          onClose={onClose}
        />
      ) : (
        <Empty title={t("routes.operator")} />
      )}
    </Frame>
  );
}

export function EditRoute({ id, onDone, onClose }: Props & { id: string }) {
  const { route, kind, waiting } = useDraftOf(id);
  return (
    <Frame>
      {route && !waiting ? (
        <RouteForm
          title={t("route.edit_title")}
          begin={draftOf(route, kind)}
          confirm={t("route.save")}
          save={(draft) => calls.changeRoute(id, wishOf(draft))}
          onDone={onDone}
          onClose={onClose}
        />
      ) : (
        <Refused waiting={waiting} onClose={onClose} />
      )}
    </Frame>
  );
}
