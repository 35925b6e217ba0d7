// What else there is to a new roll-out: its name, whether devices are called, who must approve it, and patience.
import { TextInput } from "@mantine/core";
import { type Draft, TIMEOUT_HOURS } from "../domain/firmwareDraft";
import { t } from "../text/text";
import { Choices } from "../ui/Choices";
import form from "../ui/form.module.css";
import choose from "./choose.module.css";
import css from "./draft.module.css";
import { Tick } from "./Tick";

export function CareStep({ draft, onChange }: { draft: Draft; onChange(change: Partial<Draft>): void }) {
  return (
    <div className={form.form}>
      <TextInput
        label={t("draft.name")}
        autoComplete="off"
        maxLength={100}
        value={draft.name}
        onChange={(e) => onChange({ name: e.currentTarget.value })}
      />
      <div className={choose.ticks}>
        <Tick
          checked={draft.call}
          label={t("draft.call")}
          how={t("draft.call_how")}
          onChange={(call) => onChange({ call })}
        />
        <Tick
          checked={draft.needsApproval}
          label={t("draft.approval")}
          how={t("draft.approval_how")}
          onChange={(needsApproval) => onChange({ needsApproval })}
        />
      </div>
      <div className={css.field}>
        <b>{t("draft.timeout")}</b>
        <Choices
          label={t("draft.timeout")}
          values={TIMEOUT_HOURS}
          chosen={draft.timeoutHours}
          words={(hours) => t(`draft.hours.${hours}`)}
          onChoose={(timeoutHours) => onChange({ timeoutHours })}
        />
        <p className="quiet">{t("draft.timeout_how")}</p>
      </div>
    </div>
  );
}
