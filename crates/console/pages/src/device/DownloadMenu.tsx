// Takes tracks along as files, made here from what is loaded.
import { Button, Menu } from "@mantine/core";
import { IconDownload } from "@tabler/icons-react";
import type { Track } from "../domain/track";
import { TRACK_FORMATS, TRACK_TYPE, type TrackFormat, trackFile } from "../domain/trackFiles";
import { t } from "../text/text";

interface Props {
  tracks: Track[];
  label: string;
  help?: string;
  /** What the file is called, without its ending. */
  name: string;
  size?: "xs";
}

function save(format: TrackFormat, tracks: Track[], name: string) {
  const address = URL.createObjectURL(new Blob([trackFile(format, tracks)], { type: TRACK_TYPE[format] }));
  const link = document.createElement("a");
  link.href = address;
  link.download = `${name.replace(/[^\p{L}\p{N}._-]+/gu, "_")}.${format}`;
  link.click();
  // Firefox begins to read only after the click is over.
  setTimeout(() => URL.revokeObjectURL(address), 10_000);
}

export function DownloadMenu({ tracks, label, help, name, size }: Props) {
  const places = tracks.reduce((sum, { points }) => sum + points.length, 0);
  return (
    <Menu position="bottom-end" width={230} transitionProps={{ duration: 80 }} withInitialFocusPlaceholder={false}>
      <Menu.Target>
        <Button
          variant="default"
          size={size}
          px={size === undefined ? 12 : undefined}
          leftSection={size === undefined && <IconDownload size={16} stroke={1.6} />}
          disabled={places === 0}
          title={help}
        >
          {label}
        </Button>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Label>{t("track.places", { n: places })}</Menu.Label>
        {TRACK_FORMATS.map((format) => (
          <Menu.Item key={format} onClick={() => save(format, tracks, name)}>
            {t(`track.format.${format}`)}
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  );
}
