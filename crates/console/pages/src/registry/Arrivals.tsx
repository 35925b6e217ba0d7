// Who wants to come in: the window in which devices register themselves, and those that were refused a line.
import { Button, Skeleton } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { type ReactNode, useState } from "react";
import { clock, span } from "../domain/time";
import { useNow } from "../live/store";
import { t } from "../text/text";
import { Ago } from "../ui/Ago";
import { Choices } from "../ui/Choices";
import { ErrorNote } from "../ui/ErrorNote";
import form from "../ui/form.module.css";
import { usePreferences } from "../ui/preferences";
import { SectionFrame } from "../ui/SectionFrame";
import { Sentence } from "../ui/Sentence";
import { StateMark } from "../ui/StateMark";
import { useAddress } from "../ui/useAddress";
import type { Knock } from "./apiTypes";
import * as calls from "./calls";
import { NEW, useMay } from "./Devices";
import { KNOCKS_KEY, REGISTRATION_KEY, useKnocks } from "./data";
import css from "./registry.module.css";

const MINUTES = [5, 15, 60, 120] as const;

function Window() {
  const client = useQueryClient();
  const may = useMay();
  const now = useNow();
  const { zone } = usePreferences();
  const { data, error, refetch } = useQuery({ queryKey: REGISTRATION_KEY, queryFn: calls.registration });
  const [minutes, setMinutes] = useState<number>(15);
  const changing = useMutation({
    mutationFn: async (open: boolean) => (open ? calls.openRegistration(minutes) : calls.closeRegistration()),
    onSuccess: () => client.invalidateQueries({ queryKey: REGISTRATION_KEY }),
  });
  const until = data?.open_until ? Date.parse(data.open_until) : 0;
  const isOpen = until > now;
  return (
    <section className={css.block} aria-label={t("registry.window")}>
      <h2>{t("registry.window")}</h2>
      {error ? (
        <ErrorNote error={error} retry={() => void refetch()} />
      ) : data === undefined ? (
        <Skeleton height={24} width={200} />
      ) : (
        <>
          <p className={css.big} role="status">
            <StateMark state={isOpen ? "late" : "all"} size={14} />
            {isOpen
              ? t("registry.window_open", { span: countDown((until - now) / 1000) })
              : t("registry.window_closed")}
          </p>
          {isOpen && data.open_until && (
            <p className="quiet">
              {t("registry.window_until", { at: clock(data.open_until, now, zone), who: data.opened_by ?? "–" })}
            </p>
          )}
          <p>{t("registry.window_how")}</p>
          <p className="quiet">{t(data.secret_set ? "registry.window_secret" : "registry.window_no_secret")}</p>
          {may && (
            <div className={form.form}>
              <Choices
                label={t("registry.window_minutes")}
                values={MINUTES}
                chosen={MINUTES.find((one) => one === minutes) ?? null}
                words={(n) => t("registry.window_for", { n })}
                onChoose={(n) => setMinutes(n)}
              />
              {changing.error && <ErrorNote error={changing.error} />}
              <div className={form.buttons}>
                <Button loading={changing.isPending && changing.variables} onClick={() => changing.mutate(true)}>
                  {t(isOpen ? "registry.window_longer" : "registry.window_do")}
                </Button>
                {isOpen && (
                  <Button
                    variant="default"
                    loading={changing.isPending && !changing.variables}
                    onClick={() => changing.mutate(false)}
                  >
                    {t("registry.window_close")}
                  </Button>
                )}
              </div>
            </div>
          )}
        </>
      )}
    </section>
  );
}

/** To the second below a minute, to the minute and second below ten. */
function countDown(seconds: number): string {
  const whole = Math.max(0, Math.ceil(seconds));
  if (whole >= 600) return span(whole);
  return whole < 60 ? span(whole) : `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")} min`;
}

function OneKnock({ knock }: { knock: Knock }) {
  const client = useQueryClient();
  const may = useMay();
  const [, change] = useAddress();
  const { name, times, address } = knock;
  const forgetting = useMutation({
    mutationFn: () => calls.forgetKnock(name),
    onSuccess: () => client.invalidateQueries({ queryKey: KNOCKS_KEY }),
  });
  return (
    <li className={css.knock}>
      <b>
        <StateMark state="problem" size={10} /> {t("registry.knock", { name })}
      </b>
      <div>
        <p>
          {t("registry.knock_times", { n: times })} {t("registry.knock_from", { address })} ·{" "}
          <Ago past at={knock.last_at} />
        </p>
        <p>
          <Sentence text={knock.why} />
        </p>
        {forgetting.error && <ErrorNote error={forgetting.error} />}
      </div>
      {may && (
        <div>
          <Button variant="default" onClick={() => change({ show: null, open: NEW, name })}>
            {t("registry.knock_make")}
          </Button>
          <Button
            variant="default"
            loading={forgetting.isPending}
            aria-label={t("registry.knock_forget_it", { name })}
            onClick={() => forgetting.mutate()}
          >
            {t("registry.knock_forget")}
          </Button>
        </div>
      )}
    </li>
  );
}

function Knocks() {
  const { data, error, refetch } = useKnocks();
  return (
    <section className={css.block} aria-label={t("registry.knocks")}>
      <h2>{t("registry.knocks")}</h2>
      <p className="quiet">{t("registry.knocks_how")}</p>
      {error && <ErrorNote error={error} retry={() => void refetch()} />}
      {data?.length === 0 && <p>{t("registry.knocks_none")}</p>}
      {data !== undefined && data.length > 0 && (
        <ul className={css.knocks}>
          {data.map((knock) => (
            <OneKnock key={knock.name} knock={knock} />
          ))}
        </ul>
      )}
    </section>
  );
}

export function Arrivals({ tabs }: { tabs: ReactNode }) {
  return (
    <SectionFrame label={t("registry.section.arrivals")} tabs={tabs} aside={null} panel={null}>
      <div className={css.scroll}>
        <div className={css.column}>
          <Window />
          <Knocks />
        </div>
      </div>
    </SectionFrame>
  );
}
