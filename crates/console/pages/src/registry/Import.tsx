// Makes many devices from a list: every line is checked and shown before anything is made, and it is all or nothing.
import { Button, FileButton, Textarea } from "@mantine/core";
import { IconDownload, IconFile } from "@tabler/icons-react";
import { useMutation } from "@tanstack/react-query";
import { type ReactNode, useMemo, useState } from "react";
import { CSV_MOST, TEMPLATE } from "../domain/registry";
import { t } from "../text/text";
import { Choices } from "../ui/Choices";
import { ErrorNote } from "../ui/ErrorNote";
import form from "../ui/form.module.css";
import list from "../ui/list.module.css";
import { SectionFrame } from "../ui/SectionFrame";
import { Sentence } from "../ui/Sentence";
import { StateMark } from "../ui/StateMark";
import { useAddress } from "../ui/useAddress";
import { VirtualList } from "../ui/VirtualList";
import type { Imported, ImportRow } from "./apiTypes";
import * as calls from "./calls";
import { useTake } from "./data";
import css from "./registry.module.css";

function download() {
  const address = URL.createObjectURL(new Blob([TEMPLATE], { type: "text/csv" }));
  const link = document.createElement("a");
  link.href = address;
  link.download = "devices.csv";
  link.click();
  // Firefox begins to read only after the click is over.
  setTimeout(() => URL.revokeObjectURL(address), 10_000);
}

function Choose({ text, setText, onCheck }: { text: string; setText(text: string): void; onCheck(csv: string): void }) {
  const [unread, setUnread] = useState(false);
  const big = new Blob([text]).size > CSV_MOST;
  const take = async (file: File | null) => {
    if (file === null) return;
    const read = await file.text().catch(() => null);
    setUnread(read === null);
    if (read === null) return;
    setText(read);
    if (new Blob([read]).size <= CSV_MOST) onCheck(read);
  };
  return (
    <section className={`${css.block} ${css.csv}`}>
      <h2>{t("registry.csv")}</h2>
      <p>
        <Sentence text={t("registry.csv_how")} />
      </p>
      <div className={form.buttons}>
        <FileButton onChange={take} accept=".csv,text/csv,text/plain">
          {(props) => (
            <Button {...props} leftSection={<IconFile size={16} aria-hidden="true" />}>
              {t("registry.csv_choose")}
            </Button>
          )}
        </FileButton>
        <Button variant="default" leftSection={<IconDownload size={16} aria-hidden="true" />} onClick={download}>
          {t("registry.csv_template")}
        </Button>
      </div>
      {unread && <p role="alert">{t("registry.csv_unread")}</p>}
      <Textarea
        w="100%"
        label={t("registry.csv_paste")}
        rows={8}
        autosize={false}
        spellCheck={false}
        error={big && t("registry.csv_big")}
        value={text}
        onChange={(e) => setText(e.currentTarget.value)}
      />
      <Button variant="default" disabled={text.trim() === "" || big} onClick={() => onCheck(text)}>
        {t("registry.csv_check")}
      </Button>
    </section>
  );
}

function Row({ row }: { row: ImportRow }) {
  const says = row.errors.join(" ");
  return (
    <div className={`${css.cells} ${css.lines}`}>
      <span className={css.number}>{row.line}</span>
      <span className={css.name}>{row.name || <span className="quiet">{t("registry.name_drawn")}</span>}</span>
      <span className={css.second}>{row.kind ? t(`registry.kind.${row.kind}`) : "–"}</span>
      <span className={`${css.second} ${css.imei}`}>{row.imei || "–"}</span>
      <span className={css.says} title={says}>
        <StateMark state={row.ok ? "ok" : "silent"} size={10} />
        {row.ok ? <span className="quiet">{t("registry.csv_fine")}</span> : <Sentence text={says} />}
      </span>
    </div>
  );
}

const SHOWN = ["bad", "all"] as const;

function Rows({ rows }: { rows: ImportRow[] }) {
  const bad = useMemo(() => rows.filter(({ ok }) => !ok), [rows]);
  const [which, setWhich] = useState<(typeof SHOWN)[number]>(bad.length > 0 ? "bad" : "all");
  const items = which === "bad" ? bad : rows;
  return (
    <>
      {bad.length > 0 && (
        <div className={css.tools}>
          <Choices
            label={t("registry.filters")}
            values={SHOWN}
            chosen={which}
            words={(one) => t(one === "bad" ? "registry.csv_only_bad" : "registry.csv_all")}
            onChoose={(one) => setWhich(one)}
          />
        </div>
      )}
      <VirtualList
        label={t("registry.csv_rows")}
        items={items}
        idOf={({ line }) => String(line)}
        render={(row) => <Row row={row} />}
        current={null}
        onOpen={() => undefined}
        wideRow={44}
        narrowRow={72}
        head={
          <div className={`${css.cells} ${css.lines} ${list.head}`}>
            <span className={css.number}>{t("registry.csv_line")}</span>
            <span className={css.name}>{t("registry.name")}</span>
            <span>{t("registry.kind")}</span>
            <span>{t("device.imei")}</span>
            <span>{t("registry.csv_says")}</span>
          </div>
        }
      />
    </>
  );
}

function verdict({ rows, made, done }: Imported): string {
  if (done) return t("registry.csv_made", { n: made });
  const bad = rows.filter(({ ok }) => !ok).length;
  if (bad > 0) return t("registry.csv_checked_bad", { n: bad });
  return rows.length === 0 ? t("registry.csv_empty") : t("registry.csv_checked_ok", { n: rows.length });
}

export function Import({ tabs }: { tabs: ReactNode }) {
  const [, change] = useAddress();
  const { again } = useTake();
  const [text, setText] = useState("");
  const [answer, setAnswer] = useState<Imported | null>(null);
  const asking = useMutation({
    mutationFn: ({ csv, dryRun }: { csv: string; dryRun: boolean }) => calls.importDevices(csv, dryRun),
    onSuccess: (told) => {
      setAnswer(told);
      if (told.done) again();
    },
  });
  const ready = answer !== null && !answer.done && answer.rows.length > 0 && answer.rows.every(({ ok }) => ok);
  const leave = () => change({ show: null });
  return (
    <SectionFrame label={t("registry.section.import")} tabs={tabs} aside={null} panel={null}>
      {asking.error && <ErrorNote error={asking.error} />}
      {answer === null ? (
        <div className={css.scroll}>
          <div className={css.column}>
            <Choose text={text} setText={setText} onCheck={(csv) => asking.mutate({ csv, dryRun: true })} />
          </div>
        </div>
      ) : (
        <>
          <div className={css.strip} role="status">
            <StateMark state={answer.done || ready ? "ok" : "silent"} />
            <span style={{ marginRight: "auto" }}>{verdict(answer)}</span>
            {ready && (
              <Button loading={asking.isPending} onClick={() => asking.mutate({ csv: text, dryRun: false })}>
                {t("registry.csv_make", { n: answer.rows.length })}
              </Button>
            )}
            {answer.done ? (
              <Button onClick={leave}>{t("registry.section.devices")}</Button>
            ) : (
              <Button variant="default" onClick={() => setAnswer(null)}>
                {t("registry.csv_other")}
              </Button>
            )}
          </div>
          <Rows key={String(answer.done)} rows={answer.rows} />
        </>
      )}
    </SectionFrame>
  );
}
