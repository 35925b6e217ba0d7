// A value that a click copies, and that says so.
import { IconCheck, IconCopy } from "@tabler/icons-react";
import { useEffect, useState } from "react";
import { t } from "../text/text";
import css from "./copyable.module.css";

/** Puts a text into the clipboard; whether that worked. */
export async function copy(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    // Without TLS a browser offers no clipboard; the older way still works.
    const field = document.createElement("textarea");
    field.value = text;
    field.style.position = "fixed";
    document.body.append(field);
    field.select();
    const done = document.execCommand("copy");
    field.remove();
    return done;
  }
}

export function Copyable({ text, shown, mono }: { text: string; shown?: string; mono?: boolean }) {
  const [copied, setCopied] = useState(false);
  useEffect(() => {
    if (!copied) return;
    const timer = setTimeout(() => setCopied(false), 1500);
    return () => clearTimeout(timer);
  }, [copied]);
  return (
    <button
      type="button"
      className={css.copy}
      title={t("action.copy_value", { value: text.length > 80 ? `${text.slice(0, 80)}…` : text })}
      onClick={async () => setCopied(await copy(text))}
    >
      <span className={mono ? "mono" : undefined}>{shown ?? text}</span>
      {copied ? <IconCheck size={14} aria-hidden="true" /> : <IconCopy size={14} aria-hidden="true" />}
      <span className="hidden" role="status">
        {copied ? t("action.copied") : ""}
      </span>
    </button>
  );
}
