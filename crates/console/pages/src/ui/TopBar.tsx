// The bar: name, views, how the line stands, the server's clock, search, choices.
import { ActionIcon } from "@mantine/core";
import { IconKeyboard, IconSearch } from "@tabler/icons-react";
import { lazy, Suspense } from "react";
import { Link } from "react-router";
import { clockSeconds, exact, zoneName } from "../domain/time";
import { useLive, useNow } from "../live/store";
import { t } from "../text/text";
import { Brand } from "./Brand";
import css from "./frame.module.css";
import { PersonButton } from "./PersonButton";
import { usePreferences } from "./preferences";
import { StateMark } from "./StateMark";
import { Tabs } from "./Tabs";

const PersonMenu = lazy(() => import("./PersonMenu"));

function LineState() {
  const line = useLive((live) => live.line);
  const speed = useLive((live) => live.clock?.speed ?? 1);
  const now = useNow();
  const { zone } = usePreferences();
  const mark = line === "live" ? "ok" : line === "lost" ? "silent" : "never";
  return (
    <span className={css.line} title={line === "connecting" ? undefined : exact(now, zone)}>
      <StateMark state={mark} size={10} />
      {t(`line.${line}`)}
      {line !== "connecting" && (
        <span className={css.wide}>
          {clockSeconds(now, zone)} {zoneName(now, zone)}
        </span>
      )}
      {speed > 1 && <span className={css.wide}>· {t("line.speed", { n: speed })}</span>}
    </span>
  );
}

export function TopBar({ onHelp, onFind }: { onHelp(): void; onFind(): void }) {
  return (
    <header className={css.bar}>
      <Link to="/" className={css.brand}>
        <Brand />
        {t("name")}
      </Link>
      <Tabs place="above" />
      <div className={css.right}>
        <LineState />
        <ActionIcon
          variant="subtle"
          color="gray"
          size={36}
          className={css.wide}
          onClick={onFind}
          aria-label={t("find.open")}
          title={t("find.open")}
        >
          <IconSearch size={18} stroke={1.6} />
        </ActionIcon>
        <ActionIcon
          variant="subtle"
          color="gray"
          size={36}
          className={css.wide}
          onClick={onHelp}
          aria-label={t("help.title")}
          title={t("help.title")}
        >
          <IconKeyboard size={20} stroke={1.6} />
        </ActionIcon>
        <Suspense fallback={<PersonButton />}>
          <PersonMenu />
        </Suspense>
      </div>
    </header>
  );
}
