// Makes or changes an endpoint: a form for each kind, all that is wrong at its fields, and the secret shown once.
import { Button, NativeSelect, PasswordInput, TextInput } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { Link } from "react-router";
import { ApiError } from "../api/client";
import {
  ENDPOINT_KINDS,
  type EndpointDraft,
  type EndpointField,
  emptyEndpoint,
  endpointByField,
  endpointDraft,
  endpointFlaws,
  endpointWish,
  FIELDS,
} from "../domain/endpoints";
import { t } from "../text/text";
import { chevron } from "../ui/Chevron";
import { Choices } from "../ui/Choices";
import { ErrorNote } from "../ui/ErrorNote";
import { Part } from "../ui/Facts";
import form from "../ui/form.module.css";
import { Once } from "../ui/Once";
import { leaveByEscape } from "../ui/ReasonForm";
import { SidePanel } from "../ui/SidePanel";
import { NEW } from "./Area";
import type { Endpoint, EndpointKind, EndpointMade } from "./apiTypes";
import * as calls from "./calls";
import { useTake } from "./data";
import { TestPart } from "./EndpointTest";
import css from "./routes.module.css";
import { Verify } from "./Verify";

interface FieldsProps {
  draft: EndpointDraft;
  flaws: Partial<Record<EndpointField, string>>;
  set(change: Partial<EndpointDraft>): void;
}

type TextField = "concurrency" | "timeout_s" | "region" | "exchange" | "routing_key" | "topic" | "discovery_prefix";

/** A field of text, of which most are made. */
function Field(props: FieldsProps & { name: TextField; label: string; how?: string; numeric?: boolean }) {
  const { draft, flaws, set, name, label, how, numeric } = props;
  return (
    <TextInput
      label={label}
      description={how}
      error={flaws[name]}
      inputMode={numeric ? "numeric" : undefined}
      autoComplete="off"
      spellCheck={false}
      value={draft[name]}
      onChange={(e) => set({ [name]: e.currentTarget.value })}
    />
  );
}

function Check({ label, on, onTurn }: { label: string; on: boolean; onTurn(): void }) {
  return (
    <div className={css.checks}>
      <label>
        <input type="checkbox" checked={on} onChange={onTurn} />
        <span>{label}</span>
      </label>
    </div>
  );
}

const GAPS = { device: "{device}", kind: "{kind}", imei: "{imei}" };
const QOS = [0, 1, 2] as const;

function MqttFields(props: FieldsProps) {
  const { draft, set } = props;
  return (
    <>
      <Field {...props} name="topic" label={t("endpoint.form.topic")} how={t("endpoint.form.gaps", GAPS)} />
      <NativeSelect
        rightSection={chevron}
        label={t("endpoint.form.qos")}
        value={String(draft.qos)}
        onChange={(e) => set({ qos: Number(e.currentTarget.value) })}
        data={QOS.map((qos) => ({ value: String(qos), label: t(`endpoint.form.qos.${qos}`) }))}
      />
      <Check label={t("endpoint.form.retain")} on={draft.retain} onTurn={() => set({ retain: !draft.retain })} />
      <Check
        label={t("endpoint.form.discovery")}
        on={draft.discovery}
        onTurn={() => set({ discovery: !draft.discovery })}
      />
      <p className="quiet">{t("endpoint.form.discovery_how")}</p>
      {draft.discovery && <Field {...props} name="discovery_prefix" label={t("endpoint.form.prefix")} />}
    </>
  );
}

function OwnFields(props: FieldsProps) {
  const { draft, set } = props;
  switch (draft.kind) {
    case "webhook":
      return (
        <div className={form.pair} style={{ alignItems: "start" }}>
          <Field {...props} name="concurrency" label={t("endpoint.form.concurrency")} numeric />
          <Field {...props} name="timeout_s" label={t("endpoint.form.timeout")} numeric />
        </div>
      );
    case "sqs":
      return <Field {...props} name="region" label={t("endpoint.form.region")} how={t("endpoint.form.region_how")} />;
    case "amqp":
      return (
        <>
          <Field {...props} name="exchange" label={t("endpoint.form.exchange")} how={t("endpoint.form.exchange_how")} />
          <Field
            {...props}
            name="routing_key"
            label={t("endpoint.form.routing_key")}
            how={t("endpoint.form.gaps", GAPS)}
          />
          <Check
            label={t("endpoint.form.mandatory")}
            on={draft.mandatory}
            onTurn={() => set({ mandatory: !draft.mandatory })}
          />
        </>
      );
    case "mqtt":
      return <MqttFields {...props} />;
  }
}

function SecretFields({ draft, flaws, set, kept }: FieldsProps & { kept: boolean }) {
  const sqs = draft.kind === "sqs";
  if (draft.kind === "webhook") return null;
  return (
    <>
      <TextInput
        label={t(sqs ? "endpoint.form.key_id" : "endpoint.form.user")}
        description={sqs ? t("endpoint.form.key_how") : undefined}
        error={flaws.username}
        autoComplete="off"
        spellCheck={false}
        value={draft.username}
        onChange={(e) => set({ username: e.currentTarget.value })}
      />
      <PasswordInput
        label={t(sqs ? "endpoint.form.secret_key" : "endpoint.form.password")}
        description={kept ? t("endpoint.form.password_keep") : undefined}
        error={flaws.password}
        autoComplete="new-password"
        value={draft.password}
        onChange={(e) => set({ password: e.currentTarget.value })}
      />
    </>
  );
}

interface FormProps<T> {
  /** What is changed; null where one is made. */
  before: Endpoint | null;
  confirm: string;
  save(draft: EndpointDraft): Promise<T>;
  onSaved(saved: T): void;
  onCancel(): void;
}

function flawsOf(error: unknown, kind: EndpointKind) {
  if (!(error instanceof ApiError) || ![400, 409, 422].includes(error.status)) return null;
  return endpointByField(error.errors.length > 0 ? error.errors : [error.sentence], FIELDS[kind]);
}

export function EndpointForm<T>({ before, confirm, save, onSaved, onCancel }: FormProps<T>) {
  const [draft, setDraft] = useState(() => (before ? endpointDraft(before) : emptyEndpoint("webhook")));
  const [tried, setTried] = useState(false);
  const saving = useMutation({ mutationFn: save, onSuccess: onSaved });
  const kept = before?.has_password ?? false;
  const own = endpointFlaws(draft, kept);
  const told = flawsOf(saving.error, draft.kind);
  const flaws = { ...(tried ? own : {}), ...told?.at };
  const set = (change: Partial<EndpointDraft>) => {
    setDraft((was) => ({ ...was, ...change }));
    if (saving.error) saving.reset();
  };
  const submit = (event: FormEvent) => {
    event.preventDefault();
    setTried(true);
    if (Object.keys(own).length === 0 && !saving.isPending) saving.mutate(draft);
  };
  const fields = { draft, flaws, set };
  return (
    <form className={form.form} noValidate onSubmit={submit} onKeyDown={leaveByEscape(onCancel)}>
      {before === null && (
        <>
          <Choices
            label={t("endpoint.kind")}
            values={ENDPOINT_KINDS}
            chosen={draft.kind}
            words={(kind) => t(`endpoint.short.${kind}`)}
            onChoose={(kind) => set({ kind })}
          />
          <p className="quiet">{t(`endpoint.kind_is.${draft.kind}`)}</p>
        </>
      )}
      <TextInput
        label={t("endpoint.name")}
        error={flaws.name}
        autoComplete="off"
        autoFocus
        value={draft.name}
        onChange={(e) => set({ name: e.currentTarget.value })}
      />
      <TextInput
        label={t(`endpoint.form.url.${draft.kind}`)}
        description={t(`endpoint.form.url_how.${draft.kind}`)}
        error={flaws.url}
        autoComplete="off"
        spellCheck={false}
        inputMode="url"
        value={draft.url}
        onChange={(e) => set({ url: e.currentTarget.value })}
      />
      <OwnFields {...fields} />
      <SecretFields {...fields} kept={kept} />
      <Check label={t("endpoint.form.enabled")} on={draft.enabled} onTurn={() => set({ enabled: !draft.enabled })} />
      {told?.rest.map((one) => (
        <p key={one} role="alert">
          {one}
        </p>
      ))}
      {saving.error && told === null && <ErrorNote error={saving.error} />}
      <div className={form.buttons}>
        <Button type="submit" loading={saving.isPending}>
          {confirm}
        </Button>
        <Button variant="default" onClick={onCancel}>
          {t("action.cancel")}
        </Button>
      </div>
    </form>
  );
}

function Made({ made, onOpen }: { made: EndpointMade; onOpen(id: string): void }) {
  const { endpoint, signing_secret: secret } = made;
  return (
    <>
      <Part title={t("endpoint.made_it", { name: endpoint.name })}>
        <div className={css.stack}>
          {secret !== null && (
            <Once note={t("endpoint.secret_once")} secret={secret} action={t("endpoint.secret_copy")} />
          )}
          <div className={form.buttons}>
            <Button component={Link} to={`/routes?open=${NEW}&endpoint=${endpoint.id}`} variant="default">
              {t("endpoint.made_next")}
            </Button>
            <Button variant="default" onClick={() => onOpen(endpoint.id)}>
              {t("endpoint.open_it", { name: endpoint.name })}
            </Button>
          </div>
        </div>
      </Part>
      {secret !== null && <Verify />}
      <TestPart endpoint={endpoint} />
    </>
  );
}

export function NewEndpointPanel({ onOpen, onClose }: { onOpen(id: string): void; onClose(): void }) {
  const take = useTake();
  const [made, setMade] = useState<EndpointMade | null>(null);
  return (
    <SidePanel label={t("endpoint.new")} title={t("endpoint.new")} onClose={onClose}>
      {made ? (
        <Made made={made} onOpen={onOpen} />
      ) : (
        <Part title={t("endpoint.about")}>
          <EndpointForm
            before={null}
            confirm={t("endpoint.form.make")}
            save={(draft) => calls.makeEndpoint(endpointWish(draft, null))}
            onSaved={(saved) => {
              take.endpoint(saved.endpoint);
              setMade(saved);
            }}
            onCancel={onClose}
          />
        </Part>
      )}
    </SidePanel>
  );
}
