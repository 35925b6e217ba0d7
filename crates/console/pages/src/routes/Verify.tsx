// What a receiver does to know that a delivery comes from here, ready to be copied.
import { Button } from "@mantine/core";
import { IconCheck, IconCopy } from "@tabler/icons-react";
import { useEffect, useState } from "react";
import { LANGUAGES, type Language, VERIFY } from "../domain/endpoints";
import { t } from "../text/text";
import { Choices } from "../ui/Choices";
import { copy } from "../ui/Copyable";
import { Part } from "../ui/Facts";
import css from "./routes.module.css";

export function Verify() {
  const [language, setLanguage] = useState<Language>("Python");
  const [copied, setCopied] = useState(false);
  useEffect(() => {
    if (!copied) return;
    const timer = setTimeout(() => setCopied(false), 3000);
    return () => clearTimeout(timer);
  }, [copied]);
  return (
    <Part title={t("endpoint.verify")}>
      <div className={css.stack}>
        <p className="quiet">{t("endpoint.verify_how")}</p>
        <Choices
          label={t("endpoint.verify_language")}
          values={LANGUAGES}
          chosen={language}
          words={(one) => one}
          onChoose={(one) => setLanguage(one)}
        />
        {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what can be moved sideways must be reached by the keyboard */}
        <pre className={css.code} tabIndex={0}>
          {VERIFY[language]}
        </pre>
        <Button
          variant="default"
          size="xs"
          leftSection={copied ? <IconCheck size={14} aria-hidden="true" /> : <IconCopy size={14} aria-hidden="true" />}
          onClick={async () => setCopied(await copy(VERIFY[language]))}
        >
          {copied ? t("action.copied") : t("endpoint.verify_copy")}
        </Button>
      </div>
    </Part>
  );
}
