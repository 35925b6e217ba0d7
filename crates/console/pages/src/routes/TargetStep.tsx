// Where a route delivers to: an endpoint with its health, or a device by satellite with what that costs.
import { Skeleton } from "@mantine/core";
import { useMemo } from "react";
import { Link } from "react-router";
import type { Modem } from "../api/types";
import { HEALTH_MARK } from "../domain/deliveries";
import { creditsFor } from "../domain/orders";
import { KINDS } from "../domain/registry";
import { messagesADay, type RouteDraft, targetRefusal } from "../domain/routes";
import { useLive } from "../live/store";
import type { DeviceKind } from "../registry/apiTypes";
import { t } from "../text/text";
import { Choices } from "../ui/Choices";
import { DeviceField } from "../ui/DeviceField";
import { ErrorNote } from "../ui/ErrorNote";
import { StateMark } from "../ui/StateMark";
import { NEW } from "./Area";
import type { Preview } from "./apiTypes";
import { useEndpoints } from "./data";
import { Step } from "./RouteSteps";
import css from "./routes.module.css";

interface Props {
  draft: RouteDraft;
  flaw: string | null;
  preview: Preview | undefined;
  set(change: Partial<RouteDraft>): void;
}

function EndpointChoice({ draft, set }: Pick<Props, "draft" | "set">) {
  const { data, error, refetch, isPending } = useEndpoints();
  if (isPending) return <Skeleton height={64} />;
  if (error) return <ErrorNote error={error} retry={() => void refetch()} />;
  return (
    <>
      <div className={css.radios} role="radiogroup" aria-label={t("delivery.endpoint")}>
        {data.map(({ id, kind, name, health }) => (
          <label key={id} data-chosen={draft.endpoint?.id === id}>
            <input
              type="radio"
              name="endpoint"
              checked={draft.endpoint?.id === id}
              onChange={() => set({ endpoint: { id, kind, name } })}
            />
            <b>{name}</b>
            <span className="quiet">{t(`endpoint.short.${kind}`)}</span>
            <span className={css.health}>
              <StateMark state={HEALTH_MARK[health]} size={10} /> {t(`endpoint.health.${health}`)}
            </span>
          </label>
        ))}
      </div>
      <p>
        {data.length === 0 && `${t("route.endpoint_none")} `}
        <Link className="link" to={`/endpoints?open=${NEW}`}>
          {t(data.length === 0 ? "route.endpoint_make" : "route.endpoint_other")}
        </Link>
      </p>
    </>
  );
}

/** The devices whose messages a draft passes on, as far as the live picture knows; null where it cannot. */
function rhythms({ from, fromKind, fromDevice }: RouteDraft, modems: Iterable<Modem>): number[] | null {
  if (from === "group") return null;
  const of = [...modems].filter(({ device }) => {
    if (from === "any") return true;
    return from === "kind" ? device?.kind === fromKind : device?.id === fromDevice?.id;
  });
  return of.map(({ interval_s }) => interval_s);
}

function Cost({ draft, preview }: Pick<Props, "draft" | "preview">) {
  const modems = useLive((live) => live.modems);
  const times = useMemo(() => rhythms(draft, modems.values()), [draft, modems]);
  if (preview === undefined || preview.body === "") return <p className="quiet">{t("route.cost_unknown")}</p>;
  const credits = creditsFor({ type: "text", text: preview.body });
  const n = times === null || !draft.messages.includes("position") ? 0 : messagesADay(times);
  return (
    <p>
      {t("route.cost", { credits: t("credits", { n: credits }) })}{" "}
      {n > 0 && t("route.cost_day", { n, credits: t("credits", { n: n * credits }) })}{" "}
      <Link className="link" to="/outgoing?show=budgets">
        {t("route.cost_budget")}
      </Link>
    </p>
  );
}

/** Kinds of devices that cannot be told, each with the reason. */
function Refused({ draft }: { draft: RouteDraft }) {
  const refused = KINDS.map((kind): [DeviceKind, string | null] => [kind, targetRefusal(draft, kind)]);
  return (
    <ul className={css.refusals}>
      {refused.map(
        ([kind, why]) =>
          why !== null && (
            <li key={kind}>
              {t("route.cannot", { kind: t(`registry.kind.${kind}`) })} {why}
            </li>
          ),
      )}
    </ul>
  );
}

const WAYS = ["endpoint", "device"] as const;

export function TargetStep({ draft, flaw, preview, set }: Props) {
  const refusal = draft.to === "device" && draft.device !== null ? targetRefusal(draft, draft.device.kind) : null;
  return (
    <Step title={t("route.step.target")} flaw={flaw ?? refusal}>
      <Choices
        label={t("route.step.target")}
        values={WAYS}
        chosen={draft.to}
        words={(one) => t(`route.to_${one}`)}
        onChoose={(to) => set({ to })}
      />
      {draft.to === "endpoint" ? (
        <EndpointChoice draft={draft} set={set} />
      ) : (
        <>
          <div className={css.field}>
            <DeviceField label={t("route.device")} value={draft.device} onChange={(device) => set({ device })} />
          </div>
          <Refused draft={draft} />
          <Cost draft={draft} preview={preview} />
        </>
      )}
    </Step>
  );
}
