// A secret that is shown once: whole, ready to be copied, and told what it is good for.
import { Button } from "@mantine/core";
import { IconCheck, IconCopy } from "@tabler/icons-react";
import { useEffect, useState } from "react";
import { t } from "../text/text";
import { copy } from "./Copyable";
import css from "./sections.module.css";

interface Props {
  note: string;
  secret: string;
  /** What the button says. */
  action: string;
}

export function Once({ note, secret, action }: Props) {
  const [copied, setCopied] = useState(false);
  useEffect(() => {
    if (!copied) return;
    const timer = setTimeout(() => setCopied(false), 3000);
    return () => clearTimeout(timer);
  }, [copied]);
  return (
    <div className={css.once}>
      <p>{note}</p>
      <code className="mono">{secret}</code>
      <Button
        autoFocus
        leftSection={copied ? <IconCheck size={16} aria-hidden="true" /> : <IconCopy size={16} aria-hidden="true" />}
        onClick={async () => setCopied(await copy(secret))}
      >
        {copied ? t("action.copied") : action}
      </Button>
      <span className="hidden" role="status">
        {copied ? t("action.copied") : ""}
      </span>
    </div>
  );
}
