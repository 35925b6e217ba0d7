// Messages from a file of the provider's pages: what would come of it is shown before anything is changed.
import { Button, FileButton, TextInput } from "@mantine/core";
import { IconFile } from "@tabler/icons-react";
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { Link } from "react-router";
import { useSession } from "../api/session";
import { nameOf } from "../domain/fleet";
import { useLive } from "../live/store";
import { t } from "../text/text";
import { ErrorNote } from "../ui/ErrorNote";
import { Fact, Facts } from "../ui/Facts";
import form from "../ui/form.module.css";
import { Headline, Page, Section } from "../ui/Page";
import { Sentence } from "../ui/Sentence";
import { StateMark } from "../ui/StateMark";
import { type Imported, importMessages, MOST_BYTES, type Wish } from "./calls";
import css from "./import.module.css";

const figure = (n: number) => n.toLocaleString("en");

function Counts({ told }: { told: Imported }) {
  return (
    <Facts>
      <Fact name={t("import.rows")}>{figure(told.rows)}</Fact>
      <Fact name={t("import.new")}>
        <b className={css.figure}>{figure(told.new)}</b>
        {told.numbered > 0 && (
          <p className="quiet">
            {figure(told.numbered)} {t("import.numbered")}
          </p>
        )}
        {told.without_number > 0 && (
          <p className="quiet">
            {figure(told.without_number)} {t("import.without_number")}
          </p>
        )}
      </Fact>
      <Fact name={t("import.known")}>{figure(told.known)}</Fact>
      {told.to_devices > 0 && <Fact name={t("import.to_devices")}>{figure(told.to_devices)}</Fact>}
      <Fact name={t("import.faulty")}>
        {told.faulty > 0 ? (
          <>
            <StateMark state="problem" size={10} /> {figure(told.faulty)}
          </>
        ) : (
          "0"
        )}
      </Fact>
      {told.unknown_columns.length > 0 && <Fact name={t("import.columns")}>{told.unknown_columns.join(", ")}</Fact>}
    </Facts>
  );
}

function Closes({ told }: { told: Imported }) {
  const modems = useLive((live) => live.modems);
  if (told.closes.length === 0) return null;
  const names = new Map([...modems.values()].map((modem) => [modem.imei, nameOf(modem)]));
  return (
    <Section title={t(told.dry_run ? "import.closes" : "import.closed")}>
      <ul className={css.list}>
        {told.closes.map(({ imei, first_momsn: first, last_momsn: last, missing }) => (
          <li key={`${imei} ${first}`}>
            <b>{names.get(imei) ?? imei}</b>{" "}
            <span>{t("import.gap", { n: missing, first: String(first), last: String(last) })}</span>
          </li>
        ))}
      </ul>
    </Section>
  );
}

function Faults({ told }: { told: Imported }) {
  if (told.faulty === 0) return null;
  return (
    <Section title={t("import.faults")} mark="problem">
      <p className="quiet">{t("import.faults_first", { n: told.faulty_rows.length, all: told.faulty })}</p>
      <table className={css.faults}>
        <thead>
          <tr>
            <th>{t("import.row")}</th>
            <th>{t("import.why")}</th>
          </tr>
        </thead>
        <tbody>
          {told.faulty_rows.map(({ row, reason }) => (
            <tr key={row}>
              <td>{figure(row)}</td>
              <td>
                <Sentence text={reason} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </Section>
  );
}

function ToMessages() {
  return (
    <Button component={Link} to="/messages" variant="default">
      {t("import.see")}
    </Button>
  );
}

interface ToldProps {
  told: Imported;
  wish: Wish;
  busy: boolean;
  onImport(): void;
  onOther(): void;
}

function Told({ told, wish, busy, onImport, onOther }: ToldProps) {
  return (
    <>
      <Section title={t(told.dry_run ? "import.would" : "import.done")}>
        <p role="status">
          {told.dry_run
            ? told.new === 0
              ? t("import.nothing")
              : t("import.dry")
            : t("import.finished", { n: told.new })}{" "}
          <span className="quiet">
            {t("import.file")}: {wish.file.name}
          </span>
        </p>
        <Counts told={told} />
        <div className={form.buttons}>
          {told.dry_run && told.new > 0 && (
            <Button loading={busy} onClick={onImport}>
              {t("import.do", { n: told.new })}
            </Button>
          )}
          {!told.dry_run && <ToMessages />}
          <Button variant="default" disabled={busy} onClick={onOther}>
            {t("import.other")}
          </Button>
        </div>
      </Section>
      <Closes told={told} />
      <Faults told={told} />
    </>
  );
}

interface ChooseProps {
  imei: string;
  setImei(imei: string): void;
  onFile(file: File): void;
  trouble: string | null;
}

function Choose({ imei, setImei, onFile, trouble }: ChooseProps) {
  const bad = imei.trim() !== "" && !/^\d{15}$/.test(imei.trim());
  return (
    <Section title={t("import.file")}>
      <p className="quiet">{t("import.formats")}</p>
      <form onSubmit={(event) => event.preventDefault()} className={form.form}>
        <TextInput
          label={t("import.imei")}
          inputMode="numeric"
          autoComplete="off"
          error={bad && t("import.imei_bad")}
          value={imei}
          onChange={(e) => setImei(e.currentTarget.value)}
        />
        <div className={form.buttons}>
          <FileButton
            onChange={(file) => file && onFile(file)}
            accept=".csv,.json,text/csv,application/json,text/plain"
          >
            {(props) => (
              <Button {...props} disabled={bad} leftSection={<IconFile size={16} aria-hidden="true" />}>
                {t("import.choose")}
              </Button>
            )}
          </FileButton>
        </div>
      </form>
      {trouble && <p role="alert">{trouble}</p>}
    </Section>
  );
}

export default function ImportPage() {
  const { role } = useSession();
  const [imei, setImei] = useState("");
  const [trouble, setTrouble] = useState<string | null>(null);
  const asking = useMutation({ mutationFn: importMessages });
  const { data: told, variables: wish } = asking;
  const take = async (file: File) => {
    setTrouble(null);
    if (file.size > MOST_BYTES) return setTrouble(t("import.big"));
    const text = await file.text().catch(() => null);
    if (text === null) return setTrouble(t("import.unread"));
    asking.mutate({ file, text, imei: imei.trim(), dryRun: true });
  };
  // While it is done, what would come of it stays in sight.
  const [looked, setLooked] = useState<Imported | null>(null);
  const shown = told ?? (wish && !wish.dryRun ? looked : null);
  return (
    <Page>
      <Headline title={t("import.title")}>
        <p>{t("import.how")}</p>
      </Headline>
      {role === "viewer" ? (
        <p>{t("import.operator")}</p>
      ) : (
        <>
          {asking.error && <ErrorNote error={asking.error} retry={wish && (() => asking.mutate(wish))} />}
          {asking.isPending && wish && (
            <p role="status">{t(wish.dryRun ? "import.checking" : "import.importing", { file: wish.file.name })}</p>
          )}
          {shown && wish ? (
            <Told
              told={shown}
              wish={wish}
              busy={asking.isPending}
              onImport={() => {
                setLooked(shown);
                asking.mutate({ ...wish, dryRun: false });
              }}
              onOther={() => asking.reset()}
            />
          ) : (
            !asking.isPending && <Choose imei={imei} setImei={setImei} onFile={take} trouble={trouble} />
          )}
        </>
      )}
    </Page>
  );
}
