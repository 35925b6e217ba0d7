// All keys and all shapes, on one card.
import { Kbd, Modal } from "@mantine/core";
import { Fragment } from "react";
import { t } from "../text/text";
import css from "./help.module.css";
import { StateMark } from "./StateMark";
import { VIEWS } from "./views";

const VIEW_KEYS = `1 – ${VIEWS.filter(({ key }) => key !== null).length}`;
const KEYS = [
  ["/", "help.search"],
  ["↑ ↓", "help.arrows"],
  ["Enter", "help.enter"],
  ["Esc", "help.escape"],
  ["x", "pick.key"],
  [VIEW_KEYS, "help.views"],
  ["Ctrl K", "help.find"],
  ["?", "help.help"],
] as const;

const MARKS = ["ok", "late", "silent", "never", "problem"] as const;

export default function Help({ opened, onClose }: { opened: boolean; onClose(): void }) {
  return (
    <Modal
      opened={opened}
      onClose={onClose}
      title={t("help.title")}
      closeButtonProps={{ "aria-label": t("action.close") }}
    >
      <dl className={css.keys}>
        {KEYS.map(([key, text]) => (
          <Fragment key={key}>
            <dt>
              <Kbd>{key}</Kbd>
            </dt>
            <dd>{t(text)}</dd>
          </Fragment>
        ))}
      </dl>
      <h2 className={css.title}>{t("help.shapes")}</h2>
      <dl className={css.keys}>
        {MARKS.map((mark) => (
          <Fragment key={mark}>
            <dt>
              <StateMark state={mark} /> {t(`state.${mark}`)}
            </dt>
            <dd>{t(`help.${mark}`)}</dd>
          </Fragment>
        ))}
      </dl>
      <h2 className={css.title}>{t("help.api")}</h2>
      {/* A page of its own, no view of this application. */}
      <a className="link" href="/api/docs">
        {t("help.api_link")}
      </a>
    </Modal>
  );
}
