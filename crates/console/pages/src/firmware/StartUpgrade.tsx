// Starts the upgrade of one device: choose a version, see what will happen, then say yes.
import { Button, NativeSelect, Skeleton } from "@mantine/core";
import { useState } from "react";
import { Link } from "react-router";
import { revisionName, shortCommit, upgradeEffect, upgradeWarnings } from "../domain/firmware";
import type { Device } from "../registry/apiTypes";
import { t } from "../text/text";
import { Confirm } from "../ui/Confirm";
import { ErrorNote } from "../ui/ErrorNote";
import form from "../ui/form.module.css";
import { usePaged } from "../ui/Roster";
import { StateMark } from "../ui/StateMark";
import type { Version } from "./apiTypes";
import * as calls from "./calls";
import { chevron } from "./chevron";
import css from "./firmware.module.css";
import { useTake, VERSIONS } from "./news";
import { Tick } from "./Tick";

/** The versions that can be given to devices, newest chosen first. */
export function useReadyVersions() {
  return usePaged([...VERSIONS, undefined, "ready"], (cursor) => calls.versions({ state: "ready" }, cursor));
}

export function versionOption({ id, revision, commit, subject }: Version) {
  const words = { revision: revisionName(revision), commit: shortCommit(commit), subject };
  return { value: id, label: t("upgrade.option", words) };
}

export function Warnings({ warnings }: { warnings: readonly string[] }) {
  if (warnings.length === 0) return null;
  return (
    <ul className={css.warnings}>
      {warnings.map((warning) => (
        <li key={warning}>
          <StateMark state="late" />
          <span>{warning}</span>
        </li>
      ))}
    </ul>
  );
}

export function StartUpgrade({ device, versionId }: { device: Device; versionId?: string }) {
  const take = useTake();
  const paged = useReadyVersions();
  const connected = device.presence?.connected ?? false;
  const [chosen, setChosen] = useState(versionId ?? "");
  const [call, setCall] = useState(true);
  const [asked, setAsked] = useState(false);
  if (paged.waiting) return <Skeleton height={72} />;
  if (paged.error !== null) return <ErrorNote error={paged.error} retry={paged.again} />;
  if (paged.items.length === 0) {
    return (
      <p>
        {t("upgrade.version_none")}{" "}
        <Link className="link" to="/firmware?show=versions&open=new">
          {t("upgrade.version_choose")}
        </Link>
      </p>
    );
  }
  const version = paged.items.find(({ id }) => id === chosen);
  const calling = connected && call;
  const has = paged.items.find(({ id }) => id === device.firmware?.version_id);
  if (asked && version !== undefined) {
    return (
      <div className={css.box}>
        <Warnings warnings={upgradeWarnings(device, version, has)} />
        <Confirm
          effect={upgradeEffect(device, version, calling).join(" ")}
          confirm={t("upgrade.start", { name: device.name })}
          run={() => calls.startJob(device.id, version.id, calling)}
          onDone={(job) => take({ type: "job", job })}
          onCancel={() => setAsked(false)}
        />
      </div>
    );
  }
  return (
    <div className={form.form}>
      <NativeSelect
        rightSection={chevron}
        label={t("upgrade.version")}
        value={version ? chosen : ""}
        onChange={(e) => setChosen(e.currentTarget.value)}
        data={[{ value: "", label: t("upgrade.version_pick") }, ...paged.items.map(versionOption)]}
      />
      {connected ? (
        <Tick checked={call} label={t("upgrade.call")} how={t("upgrade.call_how")} onChange={setCall} />
      ) : (
        <p className="quiet">{t("upgrade.no_line")}</p>
      )}
      <div className={form.buttons}>
        <Button disabled={version === undefined} onClick={() => setAsked(true)}>
          {t("upgrade.review")}
        </Button>
        <Button variant="default" component={Link} to="/firmware?show=versions&open=new">
          {t("upgrade.version_other")}
        </Button>
      </div>
    </div>
  );
}
