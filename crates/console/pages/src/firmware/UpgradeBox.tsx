// The firmware of one device: what it has, the upgrade that goes on, and starting one. Stands on other views, too.
import { Skeleton } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { Link } from "react-router";
import { ApiError } from "../api/client";
import { useSession } from "../api/session";
import { isActive, mayUpgrade, revisionName, shortCommit } from "../domain/firmware";
import type { Device } from "../registry/apiTypes";
import { t } from "../text/text";
import { Ago } from "../ui/Ago";
import { ErrorNote } from "../ui/ErrorNote";
import { Fact, Facts } from "../ui/Facts";
import { usePaged } from "../ui/Roster";
import * as calls from "./calls";
import css from "./firmware.module.css";
import { CancelJob, JobState } from "./JobState";
import { deviceKey, JOBS, useFirmwareNews } from "./news";
import { StartUpgrade } from "./StartUpgrade";

export const useDevice = (id: string) => useQuery({ queryKey: deviceKey(id), queryFn: () => calls.device(id) });

/** What a device has, as far as it is known. */
export function Has({ device, children }: { device: Device; children?: ReactNode }) {
  const seen = device.firmware;
  return (
    <Facts>
      <Fact name={t("upgrade.current")} why={t("upgrade.current_none")}>
        {seen && (
          <>
            <Link className="link" to={`/firmware?show=versions&open=${seen.version_id}`}>
              {revisionName(seen.revision)}
            </Link>{" "}
            <span className="mono">{shortCommit(seen.commit)}</span>{" "}
            <span className="quiet">
              · <Ago at={seen.since} />
            </span>
          </>
        )}
      </Fact>
      {children}
    </Facts>
  );
}

interface Props {
  deviceId: string;
  /** The version that is chosen at first. */
  versionId?: string;
}

export function UpgradeBox({ deviceId, versionId }: Props) {
  useFirmwareNews();
  const { role } = useSession();
  const device = useDevice(deviceId);
  const paged = usePaged([...JOBS, "device", deviceId], (cursor) => calls.jobs({ device_id: deviceId }, cursor, 5));
  const error = device.error ?? paged.error;
  if (error) {
    const again = () => {
      void device.refetch();
      paged.again();
    };
    const gone = error instanceof ApiError && error.status === 404;
    return gone ? <p className="quiet">{t("upgrade.device_gone")}</p> : <ErrorNote error={error} retry={again} />;
  }
  if (device.data === undefined || paged.waiting) return <Skeleton height={96} />;
  const connected = device.data.presence?.connected ?? false;
  // Newest first, and at most one is active.
  const active = paged.items.find(({ state }) => isActive(state));
  const last = paged.items[0];
  return (
    <section className={css.box} aria-label={t("upgrade.title")}>
      <Has device={device.data}>
        {!active && last && (
          <Fact name={t("upgrade.last")}>
            <JobState job={last} connected={connected} />
          </Fact>
        )}
      </Has>
      {active ? (
        <>
          <JobState job={active} connected={connected} />
          <CancelJob job={active} />
        </>
      ) : (
        mayUpgrade(role) && <StartUpgrade key={last?.id} device={device.data} versionId={versionId} />
      )}
      {!active && !mayUpgrade(role) && <p className="quiet">{t("firmware.not_allowed")}</p>}
    </section>
  );
}
