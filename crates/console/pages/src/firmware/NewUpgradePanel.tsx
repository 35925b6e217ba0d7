// Upgrades one device: first which, then the same box that its own page has.
import { TextInput } from "@mantine/core";
import { useState } from "react";
import { t } from "../text/text";
import { ErrorNote } from "../ui/ErrorNote";
import { Part } from "../ui/Facts";
import { SidePanel } from "../ui/SidePanel";
import { DeviceWords, useFound } from "./Choose";
import css from "./choose.module.css";
import { UpgradeBox, useDevice } from "./UpgradeBox";

function Finder({ onDevice }: { onDevice(id: string): void }) {
  const [text, setText] = useState("");
  const { data, error, refetch } = useFound(text);
  return (
    <Part title={t("upgrade.device")}>
      <div className={css.finder}>
        <TextInput
          data-search
          type="search"
          autoFocus
          aria-label={t("choice.search")}
          placeholder={t("choice.search_hint")}
          value={text}
          onChange={(e) => setText(e.currentTarget.value)}
          onKeyDown={(e) => {
            const [only, other] = data ?? [];
            if (e.key === "Enter" && only && !other) onDevice(only.id);
          }}
        />
        {error && <ErrorNote error={error} retry={() => void refetch()} />}
        {data?.length === 0 && (
          <p className="quiet">{t(text.trim() === "" ? "choice.no_device" : "choice.no_match")}</p>
        )}
        <ul className={css.found} aria-label={t("choice.search")}>
          {data?.map((device) => (
            <li key={device.id}>
              <button type="button" onClick={() => onDevice(device.id)}>
                <DeviceWords device={device} />
              </button>
            </li>
          ))}
        </ul>
      </div>
    </Part>
  );
}

function OneDevice({ id, versionId }: { id: string; versionId?: string }) {
  const { data } = useDevice(id);
  return (
    <Part title={data?.name ?? t("upgrade.device")}>
      <UpgradeBox deviceId={id} versionId={versionId} />
    </Part>
  );
}

interface Props {
  deviceId: string | null;
  versionId?: string;
  onDevice(id: string): void;
  onClose(): void;
}

export function NewUpgradePanel({ deviceId, versionId, onDevice, onClose }: Props) {
  return (
    <SidePanel label={t("job.new")} title={t("job.new")} onClose={onClose}>
      {deviceId === null ? <Finder onDevice={onDevice} /> : <OneDevice id={deviceId} versionId={versionId} />}
    </SidePanel>
  );
}
