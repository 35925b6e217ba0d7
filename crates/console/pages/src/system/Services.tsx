// Every process: whether it works, since when, and what it and doctor have looked at.
import { Button } from "@mantine/core";
import type { Service, System } from "../api/soon/system";
import { looks } from "../domain/system";
import { span } from "../domain/time";
import { t } from "../text/text";
import { Ago } from "../ui/Ago";
import { Section } from "../ui/Page";
import { Sentence } from "../ui/Sentence";
import { StateMark } from "../ui/StateMark";
import { useAddress } from "../ui/useAddress";
import css from "./system.module.css";

function standing({ silent, ready }: Service) {
  return silent ? "silent" : ready ? "ready" : "unready";
}

export function Services({ system }: { system: System }) {
  const { services } = system;
  const now = Date.parse(system.now);
  const [only] = services;
  return (
    <Section title={t("system.services")}>
      {services.length === 0 ? (
        <p className="quiet">{t("system.no_services")}</p>
      ) : (
        <table className={css.table}>
          <thead>
            <tr>
              <th>{t("system.service")}</th>
              <th>{t("system.standing")}</th>
              <th className={css.wide}>{t("system.version")}</th>
              <th className={`${css.number} ${css.wide}`}>{t("system.started")}</th>
              <th className={css.number}>{t("system.seen")}</th>
            </tr>
          </thead>
          <tbody>
            {services.map((service) => (
              <tr key={service.process}>
                <td>{service.process}</td>
                <td>
                  <span className={css.mark}>
                    <StateMark state={standing(service) === "ready" ? "ok" : "silent"} size={10} />
                    {t(`system.${standing(service)}`)}
                  </span>
                </td>
                <td className={css.wide}>{service.version}</td>
                <td className={`${css.number} ${css.wide}`}>{span((now - Date.parse(service.started_at)) / 1000)}</td>
                <td className={css.number}>
                  <Ago at={service.seen_at} />
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
      {services.length === 1 && only && only.services.length > 1 && (
        <p className="quiet">{t("system.all_services", { services: only.services.join(", ") })}</p>
      )}
    </Section>
  );
}

/** Checks that are not well stand above already; here all of them, when asked for. */
export function Checks({ system }: { system: System }) {
  const [search, change] = useAddress();
  const all = search.get("checks") === "all";
  const groups =
    system.services.length > 0
      ? system.services.map((service) => ({ name: service.process, checks: looks(service) }))
      : [{ name: t("name"), checks: system.checks }];
  const checks = groups.flatMap((group) => group.checks);
  if (checks.length === 0) return null;
  const well = checks.filter((check) => check.ok).length;
  return (
    <Section title={t("system.checks")}>
      <p className="quiet">{t("system.checks_well", { n: well })}</p>
      {all &&
        groups
          .filter((group) => group.checks.length > 0)
          .map((group) => (
            <table key={group.name} className={css.table}>
              <caption>{group.name}</caption>
              <tbody>
                {group.checks.map((check, i) => (
                  <tr key={`${check.name} ${i}`}>
                    <td className={css.check}>
                      <span className={css.mark}>
                        <StateMark state={check.ok ? "ok" : check.essential ? "silent" : "late"} size={10} />
                        {check.name}
                      </span>
                    </td>
                    <td>
                      <Sentence text={check.reason} />
                    </td>
                  </tr>
                ))}
              </tbody>
            </table>
          ))}
      <Button
        variant="default"
        size="xs"
        aria-expanded={all}
        onClick={() => change({ checks: all ? null : "all" }, true)}
      >
        {all ? t("system.checks_hide") : t("system.checks_show", { n: checks.length })}
      </Button>
    </Section>
  );
}
