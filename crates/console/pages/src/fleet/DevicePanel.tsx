// One device: how it is, when it speaks again, what it can be told, what is missing, what it said.
import { Button, Skeleton } from "@mantine/core";
import { IconMap2 } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import * as calls from "../api/calls";
import type { Modem } from "../api/types";
import { nameOf } from "../domain/fleet";
import { HowTold } from "../tell/HowTold";
import { TellIt } from "../tell/TellIt";
import { t } from "../text/text";
import { ErrorNote } from "../ui/ErrorNote";
import { SidePanel } from "../ui/SidePanel";
import { DeviceMessages } from "./DeviceMessages";
import { DeviceGaps, DeviceProblems } from "./DeviceTrouble";
import { DeviceIdentity, DeviceValues } from "./DeviceValues";
import { RhythmBar } from "./RhythmBar";

interface Props {
  id: string;
  modem: Modem | undefined;
  waiting: boolean;
  onClose(): void;
  onMap?: () => void;
}

export function DevicePanel({ id, modem, waiting, onClose, onMap }: Props) {
  const asked = useQuery({
    queryKey: ["modem", id],
    queryFn: () => calls.modem(id),
    enabled: modem === undefined && !waiting,
  });
  const known = modem ?? asked.data;
  const map = onMap && (
    <Button variant="default" h={44} leftSection={<IconMap2 size={18} />} onClick={onMap}>
      {t("map.open")}
    </Button>
  );
  return (
    <SidePanel
      label={t("device.panel")}
      title={known ? nameOf(known) : t("device.panel")}
      aside={map}
      onClose={onClose}
    >
      {known ? (
        <>
          <RhythmBar modem={known} />
          <DeviceProblems modem={known} />
          <DeviceValues modem={known} />
          <TellIt key={`tell ${known.id}`} modem={known} />
          <DeviceIdentity modem={known} />
          <HowTold key={`how ${known.id}`} modem={known} />
          <DeviceGaps modem={known} />
          <DeviceMessages modem={known} />
        </>
      ) : asked.error ? (
        <ErrorNote error={asked.error} retry={() => void asked.refetch()} />
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
