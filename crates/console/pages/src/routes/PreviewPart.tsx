// What a route would write, made of a real message, while it is still being put together.
import { Skeleton } from "@mantine/core";
import type { UseQueryResult } from "@tanstack/react-query";
import { Link } from "react-router";
import { pretty } from "../domain/deliveries";
import { bytesOf } from "../domain/orders";
import { t } from "../text/text";
import { Copyable } from "../ui/Copyable";
import { ErrorNote } from "../ui/ErrorNote";
import { Sentence } from "../ui/Sentence";
import { StateMark } from "../ui/StateMark";
import type { Preview } from "./apiTypes";
import css from "./routes.module.css";

interface Props {
  /** Whether the draft says enough. */
  ready: boolean;
  asked: UseQueryResult<Preview>;
  /** An error that stands at a field already is not said here again. */
  error: unknown;
}

export function PreviewPart({ ready, asked, error }: Props) {
  const { data } = asked;
  return (
    <section className={css.preview} aria-label={t("route.preview")} aria-live="polite">
      <h2>{t("route.preview")}</h2>
      {!ready && <p className="quiet">{t("route.preview_wait")}</p>}
      {ready && error !== null && <ErrorNote error={error} retry={() => void asked.refetch()} />}
      {ready && asked.isPending && <Skeleton height={120} />}
      {ready && data && asked.error === null && (
        <>
          <p className={css.passes}>
            <StateMark state={data.passes ? "ok" : "all"} />{" "}
            <b>{t(data.passes ? "route.passes" : "route.passes_not")}</b>
          </p>
          {data.reason && (
            <p>
              <Sentence text={data.reason} />
            </p>
          )}
          <p className="quiet">
            {data.message_id === null ? (
              t("route.preview_example")
            ) : (
              <>
                {t("route.preview_real")}{" "}
                <Link className="link" to={`/messages?message=${data.message_id}`}>
                  {t("route.preview_open")}
                </Link>
              </>
            )}
          </p>
          <div className={css.body}>
            <Copyable text={data.body} shown={pretty(data.content_type, data.body)} />
          </div>
          <p className="quiet">
            {data.content_type} · {t("route.preview_bytes", { n: bytesOf(data.body) })}
          </p>
        </>
      )}
    </section>
  );
}
