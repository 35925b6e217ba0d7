// Asked, sent, heard: how far a message has come, in shapes with their words.
import type { Mt } from "../api/types";
import { type Step, stepsOf } from "../domain/outgoing";
import { type Mark, StateMark } from "../ui/StateMark";
import css from "./steps.module.css";

const MARK: Partial<Record<Step["is"], Mark>> = {
  now: "never",
  open: "never",
  unknown: "problem",
  bad: "silent",
  mute: "all",
};

function Shape({ step }: { step: Step }) {
  const mark = step.is === "done" ? (step.name === "heard" ? "ok" : null) : MARK[step.is];
  return mark ? <StateMark state={mark} size={10} /> : <i className={css.dot} aria-hidden="true" />;
}

export function StepLine({ mt }: { mt: Mt }) {
  return (
    <ol className={css.steps}>
      {stepsOf(mt).map((step) => (
        <li key={step.name} data-is={step.is}>
          <Shape step={step} />
          {step.text}
        </li>
      ))}
    </ol>
  );
}
