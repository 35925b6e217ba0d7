// What linking or unlinking changes, before it is done: whose messages become whose.
import { Button } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { exact } from "../domain/time";
import { t } from "../text/text";
import { Confirm } from "../ui/Confirm";
import { ErrorNote } from "../ui/ErrorNote";
import form from "../ui/form.module.css";
import { usePreferences } from "../ui/preferences";
import { leaveByEscape } from "../ui/ReasonForm";
import { Sentence } from "../ui/Sentence";
import type { LinkEffects } from "./apiTypes";
import css from "./registry.module.css";

function messagesWords({ messages: n, from, device, until }: LinkEffects): string {
  if (n === 0) return t("registry.effect.none");
  if (until) return t("registry.effect.loses", { n });
  if (from) return t("registry.effect.takes", { n, from: from.name, device: device.name });
  return t("registry.effect.gains", { n, device: device.name });
}

function List({ effects }: { effects: LinkEffects }) {
  const { zone } = usePreferences();
  const { modem, device, since, until } = effects;
  const named = modem.serial ?? modem.imei;
  return (
    <ul className={css.effects}>
      <li>
        {until
          ? t("registry.effect.unlink", { modem: named, device: device.name, at: exact(until, zone) })
          : t("registry.effect.link", { modem: named, device: device.name, at: exact(since, zone) })}
      </li>
      <li>{messagesWords(effects)}</li>
      {effects.warnings.map((warning) => (
        <li key={warning}>
          <Sentence text={warning} />
        </li>
      ))}
    </ul>
  );
}

interface Props {
  /** Asks what it would change. */
  look(): Promise<LinkEffects>;
  run(): Promise<LinkEffects>;
  ready: boolean;
  /** What the last button says. */
  confirm(effects: LinkEffects): string;
  onDone(effects: LinkEffects): void;
  onCancel(): void;
  children: ReactNode;
}

/** A form in two steps: what is wished, then what it changes. */
export function EffectsForm({ look, run, ready, confirm, onDone, onCancel, children }: Props) {
  const looking = useMutation({ mutationFn: look });
  if (looking.data) {
    return (
      <div className={form.form}>
        <List effects={looking.data} />
        <Confirm effect="" confirm={confirm(looking.data)} run={run} onDone={onDone} onCancel={() => looking.reset()} />
      </div>
    );
  }
  return (
    <form
      className={form.form}
      onSubmit={(event) => {
        event.preventDefault();
        if (ready && !looking.isPending) looking.mutate();
      }}
      onKeyDown={leaveByEscape(onCancel)}
    >
      {children}
      {looking.error && <ErrorNote error={looking.error} />}
      <div className={form.buttons}>
        <Button type="submit" loading={looking.isPending} disabled={!ready}>
          {t("registry.show_effects")}
        </Button>
        <Button variant="default" onClick={onCancel}>
          {t("action.cancel")}
        </Button>
      </div>
    </form>
  );
}
