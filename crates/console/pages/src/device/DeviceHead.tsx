// Which device this is, how it is in a few words, and what can be taken along.
import { ActionIcon, Button } from "@mantine/core";
import { IconArrowLeft, IconCheck, IconLink } from "@tabler/icons-react";
import { type ReactNode, useEffect, useState } from "react";
import { Link } from "react-router";
import type { Modem } from "../api/types";
import { nameOf } from "../domain/fleet";
import { rhythm } from "../domain/rhythm";
import { span } from "../domain/time";
import type { Track } from "../domain/track";
import { useNow } from "../live/store";
import { t } from "../text/text";
import { Copyable, copy } from "../ui/Copyable";
import { StateMark } from "../ui/StateMark";
import { DownloadMenu } from "./DownloadMenu";
import css from "./devicepage.module.css";

/** `Ok · next in 7 min`. */
function Standing({ modem }: { modem: Modem }) {
  const now = useNow();
  const state = rhythm(modem, now);
  const due = modem.expected_at === null ? null : (Date.parse(modem.expected_at) - now) / 1000;
  return (
    <span className={css.standing}>
      <StateMark state={state} />
      <b>{t(`state.${state}`)}</b>
      {due !== null && state !== "never" && (
        <span className="quiet">
          {due >= 0 ? t("device.expected_in", { span: span(due) }) : t("device.expected_over", { span: span(-due) })}
        </span>
      )}
    </span>
  );
}

function CopyLink() {
  const [copied, setCopied] = useState(false);
  useEffect(() => {
    if (!copied) return;
    const timer = setTimeout(() => setCopied(false), 1500);
    return () => clearTimeout(timer);
  }, [copied]);
  return (
    <>
      <Button
        variant="default"
        px={12}
        leftSection={copied ? <IconCheck size={16} /> : <IconLink size={16} stroke={1.6} />}
        title={t("device.copy_link_help")}
        onClick={async () => setCopied(await copy(window.location.href))}
      >
        {t("device.copy_link")}
      </Button>
      <span className="hidden" role="status">
        {copied ? t("action.copied") : ""}
      </span>
    </>
  );
}

/** What can be taken along: the track as a file, the page as a link. */
export function Share({ track }: { track: Track }) {
  return (
    <>
      <DownloadMenu tracks={[track]} label={t("track.download")} help={t("track.download_help")} name={track.name} />
      <CopyLink />
    </>
  );
}

/** `tools`: only where there is room for them. */
export function DeviceHead({ modem, tools }: { modem: Modem; tools: ReactNode }) {
  return (
    <header className={css.head}>
      <ActionIcon component={Link} to="/" variant="subtle" color="gray" size={44} aria-label={t("device.back")}>
        <IconArrowLeft size={20} stroke={1.6} />
      </ActionIcon>
      <div className={css.who}>
        <h1>{nameOf(modem)}</h1>
        <Standing modem={modem} />
        <span className={css.imei}>
          {t("device.imei")} <Copyable text={modem.imei} />
        </span>
      </div>
      {tools && <div className={css.tools}>{tools}</div>}
    </header>
  );
}
