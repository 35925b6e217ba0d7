// The stages of a new roll-out: whom each takes, when the next one begins, and when all stops.
import { Button, TextInput } from "@mantine/core";
import { IconPlus, IconX } from "@tabler/icons-react";
import { STAGES_MOST, type StageDraft, stageFault, type Take, withStage } from "../domain/firmwareDraft";
import { t } from "../text/text";
import { Choices } from "../ui/Choices";
import form from "../ui/form.module.css";
import { Choose } from "./Choose";
import css from "./draft.module.css";

const TAKES: Take[] = ["share", "named"];

interface FieldProps {
  label: string;
  value: string;
  onChange(value: string): void;
}

function Percent({ label, value, onChange }: FieldProps) {
  return (
    <TextInput
      className={css.percent}
      label={label}
      inputMode="numeric"
      maxLength={3}
      value={value}
      onChange={(e) => onChange(e.currentTarget.value)}
    />
  );
}

interface StageProps {
  n: number;
  stage: StageDraft;
  onChange(stage: StageDraft): void;
  onRemove: (() => void) | null;
}

function StageCard({ n, stage, onChange, onRemove }: StageProps) {
  const set = (change: Partial<StageDraft>) => onChange({ ...stage, ...change });
  const fault = stageFault(stage);
  const last = stage.take === "rest";
  return (
    <fieldset className={css.stageCard}>
      <legend>{t("stage.title", { n })}</legend>
      {onRemove && (
        <button
          type="button"
          className={css.removeStage}
          aria-label={t("draft.remove_stage", { n })}
          onClick={onRemove}
        >
          <IconX size={16} aria-hidden="true" />
        </button>
      )}
      {last ? (
        <p>{t("stage.takes_rest")}</p>
      ) : (
        <div className={css.takes}>
          <Choices
            label={t("draft.stage_take")}
            values={TAKES}
            chosen={stage.take}
            words={(take) => t(`draft.take.${take}`)}
            onChoose={(take) => set({ take })}
          />
        </div>
      )}
      {stage.take === "named" && <Choose choice={stage.named} onChange={(named) => set({ named })} />}
      <div className={css.percents}>
        {stage.take === "share" && (
          <Percent label={t("draft.percent")} value={stage.percent} onChange={(percent) => set({ percent })} />
        )}
        {!last && <Percent label={t("draft.success")} value={stage.success} onChange={(success) => set({ success })} />}
        <Percent label={t("draft.error")} value={stage.error} onChange={(error) => set({ error })} />
      </div>
      {fault && <p className={css.fault}>{fault}</p>}
    </fieldset>
  );
}

export function StagesStep({ stages, onChange }: { stages: StageDraft[]; onChange(stages: StageDraft[]): void }) {
  return (
    <div className={form.form}>
      <p className="quiet">{t("draft.stages_how")}</p>
      {stages.map((stage, i) => (
        <StageCard
          key={i}
          n={i + 1}
          stage={stage}
          onChange={(changed) => onChange(stages.map((one, j) => (i === j ? changed : one)))}
          onRemove={stage.take === "rest" ? null : () => onChange(stages.filter((_, j) => i !== j))}
        />
      ))}
      {stages.length < STAGES_MOST && (
        <div className={form.buttons}>
          <Button
            variant="default"
            size="xs"
            leftSection={<IconPlus size={14} aria-hidden="true" />}
            onClick={() => onChange(withStage(stages))}
          >
            {t("draft.add_stage")}
          </Button>
        </div>
      )}
    </div>
  );
}
