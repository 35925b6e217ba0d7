// One condition of a route: its fields, and for an area the map beside them.
import { ActionIcon, Button, NativeSelect, Skeleton, Textarea, TextInput } from "@mantine/core";
import { IconX } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { lazy, Suspense, useId } from "react";
import { AREA_IS, COMPARISONS, type ConditionDraft, hasValue, TRIGGERS } from "../domain/routes";
import { t } from "../text/text";
import { chevron } from "../ui/Chevron";
import { Choices } from "../ui/Choices";
import form from "../ui/form.module.css";
import type { AreaIs, Comparison } from "./apiTypes";
import { jsonSchema } from "./calls";
import { ROUTING } from "./data";
import css from "./routes.module.css";

const AreaMap = lazy(() => import("./AreaMap"));

type Of<Type> = Extract<ConditionDraft, { type: Type }>;
interface Props<Type> {
  condition: Of<Type>;
  flaw: string | null;
  onChange(change: Partial<Of<Type>>): void;
}

const SHAPES = ["circle", "polygon"] as const;

function Circle({ condition, onChange }: Omit<Props<"area">, "flaw">) {
  return (
    <div className={css.three}>
      {(["latitude", "longitude", "radius"] as const).map((field) => (
        <TextInput
          key={field}
          label={t(`route.${field}`)}
          inputMode="decimal"
          autoComplete="off"
          maxLength={14}
          value={condition[field]}
          onChange={(e) => onChange({ [field]: e.currentTarget.value })}
        />
      ))}
    </div>
  );
}

function Polygon({ condition, onChange }: Omit<Props<"area">, "flaw">) {
  const lines = condition.corners.split("\n").filter((line) => line.trim() !== "");
  return (
    <>
      <Textarea
        label={t("route.corners")}
        rows={4}
        autosize={false}
        spellCheck={false}
        styles={{ input: { fontFamily: "var(--mono)", fontSize: 13 } }}
        value={condition.corners}
        onChange={(e) => onChange({ corners: e.currentTarget.value })}
      />
      {lines.length > 0 && (
        <div className={form.buttons}>
          <Button variant="default" size="xs" onClick={() => onChange({ corners: lines.slice(0, -1).join("\n") })}>
            {t("route.corners_undo")}
          </Button>
          <Button variant="default" size="xs" onClick={() => onChange({ corners: "" })}>
            {t("route.corners_clear")}
          </Button>
        </div>
      )}
    </>
  );
}

function AreaFields({ condition, onChange }: Props<"area">) {
  const { shape } = condition;
  return (
    <>
      <div className={css.line}>
        <NativeSelect
          rightSection={chevron}
          aria-label={t("route.is_label")}
          value={condition.is}
          onChange={(e) => onChange({ is: e.currentTarget.value as AreaIs })}
          data={AREA_IS.map((is) => ({ value: is, label: t(`route.is.${is}`) }))}
        />
        <Choices
          label={t("route.shape")}
          values={SHAPES}
          chosen={shape}
          words={(one) => t(`route.shape.${one}`)}
          onChoose={(one) => onChange({ shape: one })}
        />
      </div>
      <div className={css.map}>
        <Suspense fallback={<Skeleton height="100%" />}>
          <AreaMap area={condition} onChange={onChange} />
        </Suspense>
      </div>
      <p className="quiet">{t(`route.map_${shape}`)}</p>
      {shape === "circle" ? (
        <Circle condition={condition} onChange={onChange} />
      ) : (
        <Polygon condition={condition} onChange={onChange} />
      )}
    </>
  );
}

function TriggerFields({ condition, flaw, onChange }: Props<"trigger">) {
  const list = useId();
  return (
    <>
      <TextInput
        label={t("route.trigger")}
        description={t("route.trigger_how")}
        error={flaw !== null}
        list={list}
        autoComplete="off"
        spellCheck={false}
        value={condition.words}
        onChange={(e) => onChange({ words: e.currentTarget.value })}
      />
      <datalist id={list}>
        {TRIGGERS.map((word) => (
          <option key={word} value={word} />
        ))}
      </datalist>
    </>
  );
}

/** The device is told beside the values of the message. */
const OF_DEVICE = ["device.name", "device.kind"];

function ValueFields({ condition, flaw, onChange }: Props<"field">) {
  const list = useId();
  const { data } = useQuery({
    queryKey: [ROUTING, "schema"],
    queryFn: jsonSchema,
    staleTime: Number.POSITIVE_INFINITY,
  });
  const names = [...Object.keys(data?.properties ?? {}).filter((name) => name !== "device"), ...OF_DEVICE];
  return (
    <div className={css.three}>
      <TextInput
        label={t("route.field")}
        error={flaw !== null && condition.field.trim() === ""}
        placeholder="speed_m_s"
        list={list}
        autoComplete="off"
        spellCheck={false}
        value={condition.field}
        onChange={(e) => onChange({ field: e.currentTarget.value })}
      />
      <datalist id={list}>
        {names.map((word) => (
          <option key={word} value={word} />
        ))}
      </datalist>
      <NativeSelect
        rightSection={chevron}
        label={t("route.compares")}
        value={condition.compares}
        onChange={(e) => onChange({ compares: e.currentTarget.value as Comparison })}
        data={COMPARISONS.map((one) => ({ value: one, label: t(`route.compare.${one}`) }))}
      />
      {hasValue(condition.compares) && (
        <TextInput
          label={t("route.value")}
          error={flaw !== null && condition.field.trim() !== ""}
          autoComplete="off"
          value={condition.value}
          onChange={(e) => onChange({ value: e.currentTarget.value })}
        />
      )}
    </div>
  );
}

interface BlockProps {
  condition: ConditionDraft;
  /** Null while it is not to be said. */
  flaw: string | null;
  onChange(condition: ConditionDraft): void;
  onRemove(): void;
}

export function ConditionBlock({ condition, flaw, onChange, onRemove }: BlockProps) {
  const change = (part: Partial<ConditionDraft>) => onChange({ ...condition, ...part } as ConditionDraft);
  const title = t(`route.if_title.${condition.type}`);
  return (
    <div className={css.condition} role="group" aria-label={title}>
      <h3>
        {title}
        <ActionIcon
          variant="subtle"
          color="gray"
          size={32}
          className={css.remove}
          aria-label={t("route.if_remove")}
          title={t("route.if_remove")}
          onClick={onRemove}
        >
          <IconX size={16} />
        </ActionIcon>
      </h3>
      {condition.type === "area" && <AreaFields condition={condition} flaw={flaw} onChange={change} />}
      {condition.type === "battery_below" && (
        <TextInput
          className={css.short}
          label={t("route.volts")}
          inputMode="decimal"
          maxLength={6}
          error={flaw !== null}
          value={condition.volts}
          onChange={(e) => change({ volts: e.currentTarget.value })}
        />
      )}
      {condition.type === "trigger" && <TriggerFields condition={condition} flaw={flaw} onChange={change} />}
      {condition.type === "field" && <ValueFields condition={condition} flaw={flaw} onChange={change} />}
      {flaw && <p className={css.flaw}>{flaw}</p>}
    </div>
  );
}
