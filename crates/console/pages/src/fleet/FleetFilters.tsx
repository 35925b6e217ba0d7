// How many devices are in each state; a click shows only those.
import { FLEET_FILTERS, type FleetFilter } from "../domain/fleet";
import { t } from "../text/text";
import { StateMark } from "../ui/StateMark";
import css from "./fleet.module.css";

interface Props {
  counts: Record<FleetFilter, number>;
  chosen: FleetFilter;
  onChoose(filter: FleetFilter): void;
}

export function FleetFilters({ counts, chosen, onChoose }: Props) {
  const shown = FLEET_FILTERS.filter((f) => f === "all" || f === chosen || counts[f] > 0);
  return (
    <div className={css.filters} role="group" aria-label={t("fleet.filters")}>
      {shown.map((filter) => (
        <button
          key={filter}
          type="button"
          className={css.filter}
          aria-pressed={filter === chosen}
          onClick={() => onChoose(filter === chosen ? "all" : filter)}
        >
          {filter !== "all" && <StateMark state={filter} size={10} />}
          {t(`state.${filter}`)} <b>{counts[filter].toLocaleString("en")}</b>
        </button>
      ))}
    </div>
  );
}
