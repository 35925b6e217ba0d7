// The versions that were chosen: what each is, whether it can be given out, and who vouches for it.
import { Button, NativeSelect } from "@mantine/core";
import { IconPlus } from "@tabler/icons-react";
import type { ReactNode } from "react";
import { Link } from "react-router";
import { useSession } from "../api/session";
import {
  mayUpgrade,
  revisionName,
  SIGNATURE_MARK,
  shortCommit,
  signatureWords,
  size,
  VERSION_MARK,
} from "../domain/firmware";
import { t } from "../text/text";
import { Ago } from "../ui/Ago";
import { Empty } from "../ui/Empty";
import { Roster, usePaged } from "../ui/Roster";
import { SectionFrame } from "../ui/SectionFrame";
import { StateMark } from "../ui/StateMark";
import { useAddress } from "../ui/useAddress";
import { NEW } from "./address";
import { VERSION_STATES, type Version } from "./apiTypes";
import { ChoosePanel } from "./ChoosePanel";
import * as calls from "./calls";
import { chevron } from "./chevron";
import css from "./firmware.module.css";
import { VERSIONS } from "./news";
import { useSources } from "./Sources";
import { VersionPanel } from "./VersionPanel";

function VersionRow({ version }: { version: Version }) {
  return (
    <div className={`${css.cells} ${css.versions}`}>
      <span className={css.name} title={version.revision}>
        {revisionName(version.revision)}{" "}
        {version.revision !== version.commit && <i className="mono">{shortCommit(version.commit)}</i>}
      </span>
      <span className={css.subject} title={version.subject}>
        {version.subject}
      </span>
      <span className={css.where}>{version.source}</span>
      <span className={css.state}>
        <StateMark state={VERSION_MARK[version.state]} /> {t(`version.is.${version.state}`)}
      </span>
      <span className={css.signature}>
        <StateMark state={SIGNATURE_MARK[version.signature]} size={10} /> {signatureWords(version)}
      </span>
      <span className={css.size}>{version.state === "ready" ? size(version.bytes) : "–"}</span>
      <span className={css.time}>
        <Ago at={version.created_at} />
      </span>
    </div>
  );
}

function Nothing({ filtered, sources }: { filtered: boolean; sources: number | undefined }) {
  if (filtered) return <Empty title={t("version.none_found")}>{t("version.none_found_how")}</Empty>;
  return (
    <Empty title={t("version.empty")}>
      <p>{t("version.empty_how")}</p>
      {sources === 0 && (
        <p>
          {t("version.empty_source")}{" "}
          <Link className="link" to="/firmware?show=sources">
            {t("version.empty_source_link")}
          </Link>
        </p>
      )}
    </Empty>
  );
}

export function Versions({ tabs }: { tabs: ReactNode }) {
  const { role } = useSession();
  const [search, change] = useAddress();
  const sources = useSources();
  const opened = search.get("open");
  const source = search.get("source") ?? undefined;
  const state = VERSION_STATES.find((one) => one === search.get("state"));
  const paged = usePaged([...VERSIONS, source, state], (cursor) => calls.versions({ source, state }, cursor));
  const show = (id: string | null) => change({ open: id, from: null }, id !== null && opened !== null);
  const names = sources.data?.map(({ name }) => name) ?? [];
  if (source !== undefined && !names.includes(source)) names.push(source);
  const panel =
    opened === null ? null : opened === NEW ? (
      <ChoosePanel source={search.get("from") ?? source} onChosen={show} onClose={() => show(null)} />
    ) : (
      <VersionPanel key={opened} id={opened} onClose={() => show(null)} />
    );
  return (
    <SectionFrame
      label={t("firmware.section.versions")}
      tabs={tabs}
      panel={panel}
      aside={
        <div className={css.tools}>
          {names.length > 1 && (
            <NativeSelect
              rightSection={chevron}
              aria-label={t("version.source")}
              value={source ?? ""}
              onChange={(e) => change({ source: e.currentTarget.value, open: null }, true)}
              data={[
                { value: "", label: t("version.any_source") },
                ...names.map((name) => ({ value: name, label: name })),
              ]}
            />
          )}
          <NativeSelect
            rightSection={chevron}
            aria-label={t("version.state")}
            value={state ?? ""}
            onChange={(e) => change({ state: e.currentTarget.value, open: null }, true)}
            data={[
              { value: "", label: t("version.any_state") },
              ...VERSION_STATES.map((one) => ({ value: one, label: t(`version.is.${one}`) })),
            ]}
          />
          {mayUpgrade(role) && names.length > 0 && (
            <Button leftSection={<IconPlus size={16} aria-hidden="true" />} onClick={() => show(NEW)}>
              {t("version.new")}
            </Button>
          )}
        </div>
      }
    >
      <Roster
        label={t("firmware.section.versions")}
        className={`${css.cells} ${css.versions}`}
        paged={paged}
        opened={opened === NEW ? null : opened}
        head={
          <>
            <span>{t("version.name")}</span>
            <span className={css.subject}>{t("version.subject")}</span>
            <span className={css.where}>{t("version.source")}</span>
            <span>{t("version.state")}</span>
            <span className={css.signature}>{t("version.signature")}</span>
            <span className={css.size}>{t("version.size")}</span>
            <span className={css.time}>{t("version.at")}</span>
          </>
        }
        row={(version) => <VersionRow version={version} />}
        more={t("firmware.more")}
        empty={<Nothing filtered={source !== undefined || state !== undefined} sources={sources.data?.length} />}
        onOpen={show}
      />
    </SectionFrame>
  );
}
