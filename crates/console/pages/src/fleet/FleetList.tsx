// The fleet as rows: what needs a person first.

import { Button, TextInput } from "@mantine/core";
import { IconSearch } from "@tabler/icons-react";
import type { KeyboardEvent, MouseEvent, ReactNode } from "react";
import type { FleetFilter, Row } from "../domain/fleet";
import { t } from "../text/text";
import { Empty } from "../ui/Empty";
import list from "../ui/list.module.css";
import { Sentence } from "../ui/Sentence";
import { useNarrow } from "../ui/useNarrow";
import { VirtualList } from "../ui/VirtualList";
import { WaitingRows } from "../ui/Waiting";
import { FleetFilters } from "./FleetFilters";
import { FleetRow } from "./FleetRow";
import css from "./fleet.module.css";

interface Props {
  rows: Row[];
  counts: Record<FleetFilter, number>;
  waiting: boolean;
  more: boolean;
  text: string;
  filter: FleetFilter;
  current: string | null;
  picked: ReadonlySet<string>;
  /** On a phone, a touch chooses instead of opening. */
  selecting: boolean;
  /** What can be done with those that were chosen. */
  bar: ReactNode;
  onText(text: string): void;
  onFilter(filter: FleetFilter): void;
  onOpen(id: string, event: MouseEvent): void;
  onPick(id: string, extend: boolean): void;
  onSelecting(selecting: boolean): void;
  onHover(pointing: boolean): void;
}

function Content({ rows, counts, waiting, more, current, picked, onOpen, onPick, onHover }: Props) {
  if (waiting) return <WaitingRows n={14} />;
  if (counts.all === 0) {
    return (
      <Empty title={t("fleet.empty")}>
        <p>{t("fleet.empty_how")}</p>
        <code>{`${window.location.origin}/rockblock/incoming`}</code>
        <p>
          <Sentence text={t("fleet.empty_demo")} />
        </p>
      </Empty>
    );
  }
  if (rows.length === 0) return <Empty title={t("fleet.none_found")}>{t("fleet.none_found_how")}</Empty>;
  return (
    <>
      <div className={`${css.cells} ${list.head} ${css.head}`}>
        <span />
        <span>{t("fleet.device")}</span>
        <span>{t("fleet.state")}</span>
        <span className={css.number}>{t("fleet.seen")}</span>
        <span className={css.number}>{t("fleet.battery")}</span>
        <span className={css.middle}>{t("fleet.position")}</span>
        <span />
      </div>
      <VirtualList
        label={t("nav.fleet")}
        items={rows}
        idOf={(row) => row.modem.id}
        render={(row) => <FleetRow row={row} picked={picked.has(row.modem.id)} onPick={onPick} />}
        checked={(row) => picked.has(row.modem.id)}
        current={current}
        onOpen={onOpen}
        onHover={onHover}
        footer={more && <p className={css.more}>{t("fleet.more")}</p>}
      />
    </>
  );
}

export function FleetList(props: Props) {
  const narrow = useNarrow();
  const leave = (event: KeyboardEvent<HTMLInputElement>) => {
    if (event.key !== "Escape" && event.key !== "Enter" && event.key !== "ArrowDown") return;
    if (event.key === "Escape") props.onText("");
    event.currentTarget.blur();
  };
  return (
    <section className={css.list} aria-label={t("nav.fleet")} data-selecting={props.selecting}>
      <div className={css.search}>
        <div className={css.field}>
          <TextInput
            data-search
            type="search"
            aria-label={t("fleet.search")}
            placeholder={t("fleet.search")}
            leftSection={<IconSearch size={16} stroke={1.6} />}
            value={props.text}
            onChange={(e) => props.onText(e.currentTarget.value)}
            onKeyDown={leave}
          />
          {narrow && props.counts.all > 0 && (
            <Button variant="default" h={36} px={12} onClick={() => props.onSelecting(!props.selecting)}>
              {t(props.selecting ? "pick.done" : "pick.select")}
            </Button>
          )}
        </div>
        {props.counts.all > 0 && <FleetFilters counts={props.counts} chosen={props.filter} onChoose={props.onFilter} />}
      </div>
      <Content {...props} />
      {props.bar}
    </section>
  );
}
