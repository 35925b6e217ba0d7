// One version whole: what it is, whether it can be given out and why not, its files, and its end.
import { Button, Skeleton } from "@mantine/core";
import { useMutation, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { Link } from "react-router";
import { ApiError } from "../api/client";
import { useSession } from "../api/session";
import { mayUpgrade, revisionName, SIGNATURE_MARK, signatureWords, size, VERSION_MARK } from "../domain/firmware";
import { t } from "../text/text";
import { AgoExact } from "../ui/Ago";
import { Confirm } from "../ui/Confirm";
import { Copyable } from "../ui/Copyable";
import { Empty } from "../ui/Empty";
import { ErrorNote } from "../ui/ErrorNote";
import { Fact, Facts, Part } from "../ui/Facts";
import form from "../ui/form.module.css";
import { usePaged } from "../ui/Roster";
import { Sentence } from "../ui/Sentence";
import { SidePanel } from "../ui/SidePanel";
import { StateMark } from "../ui/StateMark";
import type { Version } from "./apiTypes";
import * as calls from "./calls";
import css from "./firmware.module.css";
import { FIRMWARE, useTake, versionKey } from "./news";

function Head({ version }: { version: Version }) {
  // Of a version that can be given out, it is about the signature.
  const cause = version.cause && (
    <p>
      <Sentence text={version.cause} />
    </p>
  );
  return (
    <div className={css.head}>
      <p>
        <StateMark state={VERSION_MARK[version.state]} /> <b>{t(`version.is.${version.state}`)}</b>
      </p>
      {version.state !== "ready" && cause}
      <p className="quiet">{t(`version.is_how.${version.state}`)}</p>
      <p>
        <StateMark state={SIGNATURE_MARK[version.signature]} /> <b>{signatureWords(version)}</b>{" "}
        <span className="quiet">{t(`signature_how.${version.signature}`)}</span>
      </p>
      {version.state === "ready" && cause}
    </div>
  );
}

function About({ version }: { version: Version }) {
  return (
    <Part title={t("version.about")}>
      <Facts>
        <Fact name={t("version.subject")}>{version.subject}</Fact>
        <Fact name={t("version.source")}>{version.source}</Fact>
        <Fact name={t("version.name")}>
          <Copyable text={version.revision} />
        </Fact>
        <Fact name={t("version.commit")}>
          <Copyable text={version.commit} mono />
        </Fact>
        <Fact name={t("version.author")}>{version.author}</Fact>
        <Fact name={t("version.committed")}>
          <AgoExact at={version.committed_at} />
        </Fact>
        {version.state !== "refused" && (
          <Fact name={t("version.size")} why={t("version.contents_none")}>
            {version.state === "ready" &&
              t("version.contents", { files: t("files", { n: version.files }), size: size(version.bytes) })}
          </Fact>
        )}
        {version.digest && (
          <Fact name={t("version.digest")}>
            <Copyable text={version.digest} mono />
          </Fact>
        )}
        <Fact name={t("version.asked_by")}>
          {version.asked_by}, <AgoExact at={version.created_at} />
        </Fact>
      </Facts>
    </Part>
  );
}

function Files({ version }: { version: Version }) {
  const paged = usePaged([FIRMWARE, "files", version.id], (cursor) => calls.versionFiles(version.id, cursor));
  return (
    <Part title={t("version.files")} aside={paged.waiting ? undefined : t("files", { n: version.files })}>
      {paged.error !== null && <ErrorNote error={paged.error} retry={paged.again} />}
      {paged.waiting && <Skeleton height={80} />}
      {!paged.waiting && paged.items.length === 0 && paged.error === null && (
        <p className="quiet">{t("version.files_none")}</p>
      )}
      <ul className={css.files}>
        {paged.items.map((file) => (
          <li key={file.path} title={`SHA-256 ${file.sha256}\nSHA-1 ${file.sha1}`}>
            <span className="mono">{file.path}</span>
            <span>{size(file.bytes)}</span>
          </li>
        ))}
      </ul>
      {!paged.whole && (
        <Button variant="default" size="xs" loading={paged.loading} onClick={paged.more}>
          {t("version.more_files")}
        </Button>
      )}
    </Part>
  );
}

/** What was refused can be tried again: a tag may be signed by now, a key named in the settings. */
function Again({ version }: { version: Version }) {
  const take = useTake();
  const again = useMutation({
    mutationFn: () => calls.prepare(version.source, { kind: "commit", name: version.commit, commit: version.commit }),
    onSuccess: (changed) => take({ type: "version", version: changed }),
  });
  return (
    <Part title={t("version.again")}>
      <div className={form.form}>
        <p className="quiet">{t("version.again_how")}</p>
        {again.error && <ErrorNote error={again.error} />}
        <div className={form.buttons}>
          <Button variant="default" loading={again.isPending} onClick={() => again.mutate()}>
            {t("version.again")}
          </Button>
        </div>
      </div>
    </Part>
  );
}

function Actions({ version }: { version: Version }) {
  const { role } = useSession();
  const take = useTake();
  const [removing, setRemoving] = useState(false);
  if (!mayUpgrade(role)) return null;
  if (version.state === "refused") return <Again version={version} />;
  const name = revisionName(version.revision);
  return (
    <Part title={t("version.give")}>
      {removing ? (
        <Confirm
          effect={t("version.remove_effect")}
          confirm={t("version.remove_confirm", { name })}
          run={async () => {
            await calls.removeVersion(version.id);
            return calls.version(version.id);
          }}
          onDone={(changed) => {
            setRemoving(false);
            take({ type: "version", version: changed });
          }}
          onCancel={() => setRemoving(false)}
        />
      ) : (
        <div className={form.buttons}>
          {version.state === "ready" && (
            <Button component={Link} to={`/firmware?open=new&version=${version.id}`}>
              {t("version.rollout")}
            </Button>
          )}
          {version.state === "ready" && (
            <Button variant="default" component={Link} to={`/firmware?show=upgrades&open=new&version=${version.id}`}>
              {t("job.new")}
            </Button>
          )}
          <Button variant="default" onClick={() => setRemoving(true)}>
            {t("version.remove")}
          </Button>
        </div>
      )}
    </Part>
  );
}

export function VersionPanel({ id, onClose }: { id: string; onClose(): void }) {
  const { data, error, refetch } = useQuery({ queryKey: versionKey(id), queryFn: () => calls.version(id) });
  const gone = error instanceof ApiError && error.status === 404;
  return (
    <SidePanel
      label={t("version.panel")}
      title={data ? revisionName(data.revision) : t("version.panel")}
      onClose={onClose}
    >
      {data && (
        <>
          <Head version={data} />
          <Actions version={data} />
          <About version={data} />
          {data.state === "ready" && <Files version={data} />}
        </>
      )}
      {gone && <Empty title={t("version.gone")}>{t("version.gone_how")}</Empty>}
      {error && !gone && <ErrorNote error={error} retry={() => void refetch()} />}
      {!data && !error && <Skeleton height={120} m={16} />}
    </SidePanel>
  );
}
