// One device: how it is, when it speaks again, what it can be told, what is missing, what it said.
import { Button, Skeleton } from "@mantine/core";
import { IconMap2 } from "@tabler/icons-react";
import { Link } from "react-router";
import { useDevice } from "../device/useDevice";
import { nameOf } from "../domain/fleet";
import { HowTold } from "../tell/HowTold";
import { TellIt } from "../tell/TellIt";
import { t } from "../text/text";
import { ErrorNote } from "../ui/ErrorNote";
import { SidePanel } from "../ui/SidePanel";
import { useNarrow } from "../ui/useNarrow";
import { DeviceMessages } from "./DeviceMessages";
import { DeviceGaps, DeviceProblems } from "./DeviceTrouble";
import { DeviceIdentity, DeviceValues } from "./DeviceValues";
import { RhythmBar } from "./RhythmBar";

interface Props {
  id: string;
  onClose(): void;
  onMap?: () => void;
}

export function DevicePanel({ id, onClose, onMap }: Props) {
  const { modem, error, retry } = useDevice(id);
  const narrow = useNarrow();
  const aside = (
    <>
      <Button
        component={Link}
        to={`/devices/${id}`}
        variant="default"
        h={narrow ? 44 : 32}
        px={12}
        title={t("device.open_page_help")}
      >
        {t("device.open_page")}
      </Button>
      {onMap && (
        <Button variant="default" h={44} px={12} leftSection={<IconMap2 size={18} />} onClick={onMap}>
          {t("map.open")}
        </Button>
      )}
    </>
  );
  return (
    <SidePanel
      label={t("device.panel")}
      title={modem ? nameOf(modem) : t("device.panel")}
      aside={aside}
      onClose={onClose}
    >
      {modem ? (
        <>
          <RhythmBar modem={modem} />
          <DeviceProblems modem={modem} />
          <DeviceValues modem={modem} />
          <TellIt key={`tell ${modem.id}`} modem={modem} />
          <DeviceIdentity modem={modem} />
          <HowTold key={`how ${modem.id}`} modem={modem} />
          <DeviceGaps modem={modem} />
          <DeviceMessages modem={modem} />
        </>
      ) : error ? (
        <ErrorNote error={error} retry={retry} />
      ) : (
        <div style={{ padding: 16, display: "grid", gap: 12 }}>
          {[60, 90, 80, 85, 40].map((width) => (
            <Skeleton key={width} height={14} width={`${width}%`} />
          ))}
        </div>
      )}
    </SidePanel>
  );
}
