// The parts of a route's sentence: whose messages, which of them, on which conditions, as what, and its name.
import { Button, NativeSelect, TextInput } from "@mantine/core";
import { IconPlus } from "@tabler/icons-react";
import type { ReactNode } from "react";
import { Link } from "react-router";
import { KINDS } from "../domain/registry";
import {
  CONDITION_KINDS,
  CONDITIONS_MOST,
  emptyCondition,
  FORMATS,
  LIVES,
  livesWords,
  MESSAGES,
  messageRefusal,
  type RouteDraft,
  SOURCES,
  sourceKind,
} from "../domain/routes";
import { useGroups } from "../registry/data";
import { t } from "../text/text";
import { chevron } from "../ui/Chevron";
import { Choices } from "../ui/Choices";
import { DeviceField } from "../ui/DeviceField";
import form from "../ui/form.module.css";
import type { RouteMessage } from "./apiTypes";
import { ConditionBlock } from "./ConditionFields";
import css from "./routes.module.css";

interface StepProps {
  title: string;
  flaw?: string | null;
  children: ReactNode;
}

/** A question, its choices, and what is wrong with the answer. */
export function Step({ title, flaw, children }: StepProps) {
  return (
    <section className={css.step} aria-label={title} data-flaw={flaw ? true : undefined}>
      <h2>{title}</h2>
      {children}
      {flaw && <p className={css.flaw}>{flaw}</p>}
    </section>
  );
}

interface Props {
  draft: RouteDraft;
  flaw: string | null;
  set(change: Partial<RouteDraft>): void;
}

function GroupSelect({ draft, set }: Omit<Props, "flaw">) {
  const { data: groups = [] } = useGroups();
  if (groups.length === 0) {
    return (
      <p className="quiet">
        {t("route.group_none")}{" "}
        <Link className="link" to="/devices?show=groups">
          {t("registry.section.groups")}
        </Link>
      </p>
    );
  }
  return (
    <NativeSelect
      className={css.field}
      rightSection={chevron}
      label={t("route.group")}
      value={draft.fromGroup?.id ?? ""}
      onChange={(e) => set({ fromGroup: groups.find(({ id }) => id === e.currentTarget.value) ?? null })}
      data={[
        { value: "", label: t("route.group_pick") },
        ...groups.map(({ id, name }) => ({ value: id, label: name })),
      ]}
    />
  );
}

export function SourceStep({ draft, flaw, set }: Props) {
  return (
    <Step title={t("route.step.source")} flaw={flaw}>
      <Choices
        label={t("route.step.source")}
        values={SOURCES}
        chosen={draft.from}
        words={(one) => t(`route.source.${one}`)}
        onChoose={(from) => set({ from })}
      />
      {draft.from === "any" && <p className="quiet">{t("route.source_any_how")}</p>}
      {draft.from === "kind" && (
        <Choices
          label={t("registry.kind")}
          values={KINDS}
          chosen={draft.fromKind}
          words={(one) => t(`registry.kind.${one}`)}
          onChoose={(fromKind) => set({ fromKind })}
        />
      )}
      {draft.from === "group" && <GroupSelect draft={draft} set={set} />}
      {draft.from === "device" && (
        <div className={css.field}>
          <DeviceField
            label={t("route.device")}
            how={t("route.device_how")}
            value={draft.fromDevice}
            onChange={(fromDevice) => set({ fromDevice })}
          />
        </div>
      )}
    </Step>
  );
}

export function MessagesStep({ draft, flaw, set }: Props) {
  const source = sourceKind(draft);
  const turn = (one: RouteMessage) =>
    set({ messages: MESSAGES.filter((message) => draft.messages.includes(message) !== (message === one)) });
  return (
    <Step title={t("route.step.messages")} flaw={flaw}>
      <div className={css.checks}>
        {MESSAGES.map((message) => {
          const refusal = messageRefusal(source, message);
          const chosen = draft.messages.includes(message);
          const words = t(`route.message.${message}`);
          return (
            <label key={message} data-off={refusal !== null && !chosen}>
              <input
                type="checkbox"
                checked={chosen}
                disabled={refusal !== null && !chosen}
                onChange={() => turn(message)}
              />
              <span>
                {words.charAt(0).toUpperCase() + words.slice(1)}{" "}
                <span className="quiet">{refusal ?? t(`route.message_is.${message}`)}</span>
              </span>
            </label>
          );
        })}
      </div>
    </Step>
  );
}

interface ConditionsProps extends Props {
  flaws: (string | null)[];
}

export function ConditionsStep({ draft, flaws, flaw, set }: ConditionsProps) {
  const { conditions } = draft;
  const next = Math.max(0, ...conditions.map(({ key }) => key + 1));
  return (
    <Step title={t("route.step.conditions")} flaw={flaw ?? (flaws.some(Boolean) ? "" : null)}>
      <p className="quiet">{t("route.if_how")}</p>
      {conditions.map((condition, i) => (
        <ConditionBlock
          key={condition.key}
          condition={condition}
          flaw={flaws[i] ?? null}
          onChange={(changed) => set({ conditions: conditions.map((one, k) => (k === i ? changed : one)) })}
          onRemove={() => set({ conditions: conditions.filter((_, k) => k !== i) })}
        />
      ))}
      {conditions.length < CONDITIONS_MOST ? (
        <div className={form.buttons} role="group" aria-label={t("route.if_add")}>
          {CONDITION_KINDS.map((kind) => (
            <Button
              key={kind}
              variant="default"
              size="xs"
              leftSection={<IconPlus size={14} aria-hidden="true" />}
              onClick={() => set({ conditions: [...conditions, emptyCondition(kind, next)] })}
            >
              {t(`route.if_add.${kind}`)}
            </Button>
          ))}
        </div>
      ) : (
        <p className="quiet">{t("route.if_most", { most: CONDITIONS_MOST })}</p>
      )}
    </Step>
  );
}

export function FormatStep({ draft, set }: Omit<Props, "flaw">) {
  return (
    <Step title={t("route.step.format")}>
      <Choices
        label={t("route.step.format")}
        values={FORMATS}
        chosen={draft.format}
        words={(one) => {
          const words = t(`route.format.${one}`);
          return words.charAt(0).toUpperCase() + words.slice(1);
        }}
        onChoose={(format) => set({ format })}
      />
      <p className="quiet">{t(`route.format_is.${draft.format}`)}</p>
    </Step>
  );
}

export function LivesStep({ draft, set }: Omit<Props, "flaw">) {
  const values = LIVES.includes(draft.lives_s) ? LIVES : [...LIVES, draft.lives_s].sort((a, b) => a - b);
  return (
    <Step title={t("route.step.lives")}>
      <Choices
        label={t("route.step.lives")}
        values={values}
        chosen={draft.lives_s}
        words={livesWords}
        onChoose={(lives_s) => set({ lives_s })}
      />
      <p className="quiet">{t("route.lives_how")}</p>
    </Step>
  );
}

export function NameStep({ draft, flaw, set }: Props) {
  return (
    <Step title={t("route.step.name")} flaw={flaw}>
      <TextInput
        className={css.field}
        label={t("route.name")}
        description={t("route.name_how")}
        autoComplete="off"
        value={draft.name}
        onChange={(e) => set({ name: e.currentTarget.value })}
      />
      <div className={css.checks}>
        <label>
          <input type="checkbox" checked={draft.enabled} onChange={() => set({ enabled: !draft.enabled })} />
          <span>{t("route.enabled")}</span>
        </label>
      </div>
    </Step>
  );
}
