// Makes a roll-out in steps: which version, which devices, in which stages; then what would happen; then yes.
import { Button, NativeSelect, Skeleton } from "@mantine/core";
import { type ReactNode, useEffect, useRef, useState } from "react";
import { flushSync } from "react-dom";
import { Link } from "react-router";
import { useSession } from "../api/session";
import { mayUpgrade, revisionName, SIGNATURE_MARK, shortCommit, signatureWords, size } from "../domain/firmware";
import {
  changed,
  choiceWords,
  type Draft,
  emptyDraft,
  STEPS,
  type Step,
  stageWords,
  stepFault,
} from "../domain/firmwareDraft";
import { t } from "../text/text";
import { ErrorNote } from "../ui/ErrorNote";
import { Page } from "../ui/Page";
import { StateMark } from "../ui/StateMark";
import type { Version } from "./apiTypes";
import { Back } from "./Back";
import { CareStep } from "./CareStep";
import { ChooseWhom } from "./Choose";
import { chevron } from "./chevron";
import css from "./draft.module.css";
import { PlanStep } from "./PlanStep";
import rollout from "./rollout.module.css";
import { StagesStep } from "./StagesStep";
import { useReadyVersions, versionOption } from "./StartUpgrade";

/** A version in the words that matter for giving it out. */
function VersionWords({ version }: { version: Version }) {
  return (
    <p>
      <b>{revisionName(version.revision)}</b> <span className="mono">{shortCommit(version.commit)}</span>{" "}
      {version.subject}
      <br />
      <span className="quiet">
        {version.source} · {t("files", { n: version.files })}, {size(version.bytes)} ·{" "}
        <StateMark state={SIGNATURE_MARK[version.signature]} size={10} /> {signatureWords(version)}
      </span>
    </p>
  );
}

function VersionStep({ chosen, onChoose }: { chosen: Version | null; onChoose(version: Version | null): void }) {
  const paged = useReadyVersions();
  if (paged.waiting) return <Skeleton height={60} />;
  if (paged.error !== null) return <ErrorNote error={paged.error} retry={paged.again} />;
  const other = (
    <Link className="link" to="/firmware?show=versions&open=new">
      {t(paged.items.length === 0 ? "upgrade.version_choose" : "upgrade.version_other")}
    </Link>
  );
  if (paged.items.length === 0) {
    return (
      <p>
        {t("upgrade.version_none")} {other}
      </p>
    );
  }
  return (
    <>
      <NativeSelect
        rightSection={chevron}
        aria-label={t("rollout.version")}
        description={t("draft.unready")}
        value={chosen?.id ?? ""}
        onChange={(e) => onChoose(paged.items.find(({ id }) => id === e.currentTarget.value) ?? null)}
        data={[{ value: "", label: t("upgrade.version_pick") }, ...paged.items.map(versionOption)]}
      />
      {chosen && <VersionWords version={chosen} />}
      <p>{other}</p>
    </>
  );
}

/** What stands in the place of a step that is done. */
function summary(step: Step, draft: Draft): ReactNode {
  switch (step) {
    case "version":
      return draft.version && <VersionWords version={draft.version} />;
    case "devices":
      return <p>{choiceWords(draft.choice)}</p>;
    case "stages":
      return (
        <ol className={css.summary}>
          {draft.stages.map((stage, i) => (
            <li key={i}>{stageWords(stage)}</li>
          ))}
        </ol>
      );
    case "rest":
      return <p>{draft.name}</p>;
    case "plan":
      return null;
  }
}

interface Props {
  versionId: string | undefined;
  onMade(id: string): void;
  onClose(): void;
}

export function NewRollout({ versionId, onMade, onClose }: Props) {
  const { role } = useSession();
  const [draft, setDraft] = useState(emptyDraft);
  const [at, setAt] = useState<Step>("version");
  const ready = useReadyVersions();
  const set = (change: Partial<Draft>) => setDraft((was) => changed(was, change));
  const wished = ready.items.find(({ id }) => id === versionId);
  useEffect(() => {
    // Come from a version's own panel: that step is done.
    if (wished === undefined) return;
    setDraft((was) => (was.version === null ? changed(was, { version: wished }) : was));
    setAt((was) => (was === "version" ? "devices" : was));
  }, [wished]);

  const openStep = useRef<HTMLLIElement>(null);
  const go = (step: Step) => {
    // The button that was pressed is gone then: who uses the keyboard goes on in the step that opens.
    flushSync(() => setAt(step));
    openStep.current?.focus();
  };
  const content: Record<Step, () => ReactNode> = {
    version: () => <VersionStep chosen={draft.version} onChoose={(version) => set({ version })} />,
    devices: () => <ChooseWhom choice={draft.choice} onChange={(choice) => set({ choice })} />,
    stages: () => <StagesStep stages={draft.stages} onChange={(stages) => set({ stages })} />,
    rest: () => <CareStep draft={draft} onChange={set} />,
    plan: () => <PlanStep draft={draft} onMade={onMade} />,
  };

  return (
    <Page>
      <header className={rollout.titleLine}>
        <Back onClose={onClose} />
        <h1>{t("rollout.new")}</h1>
      </header>
      {mayUpgrade(role) ? (
        <ol className={css.steps}>
          {STEPS.map((step, i) => {
            const open = step === at;
            const fault = stepFault(step, draft);
            const done = STEPS.indexOf(at) > i;
            return (
              <li
                key={step}
                ref={open ? openStep : undefined}
                tabIndex={open ? -1 : undefined}
                data-open={open}
                aria-current={open ? "step" : undefined}
              >
                <h2>
                  <span>{i + 1}</span> {t(`draft.step.${step}`)}
                  {done && (
                    <button type="button" className={css.change} onClick={() => go(step)}>
                      {t("draft.change")}
                    </button>
                  )}
                </h2>
                {open && content[step]()}
                {open && step !== "plan" && (
                  <div className={css.next}>
                    <Button disabled={fault !== null} onClick={() => go(STEPS[i + 1] ?? "plan")}>
                      {t("draft.next")}
                    </Button>
                    {fault && <span className="quiet">{fault}</span>}
                  </div>
                )}
                {done && summary(step, draft)}
              </li>
            );
          })}
        </ol>
      ) : (
        <p>{t("firmware.not_allowed")}</p>
      )}
      <p className="quiet">{t("draft.how")}</p>
    </Page>
  );
}
