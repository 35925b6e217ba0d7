// Finds any device or view by a few letters.
import { Modal, TextInput } from "@mantine/core";
import { type KeyboardEvent, useMemo, useState } from "react";
import { useNavigate } from "react-router";
import { filterRows, fleetRows, nameOf } from "../domain/fleet";
import { useLive, useNow } from "../live/store";
import { t } from "../text/text";
import css from "./help.module.css";
import { StateMark } from "./StateMark";
import { VIEWS } from "./views";

const SHOWN = 12;

function Finder({ onClose }: { onClose(): void }) {
  const [text, setText] = useState("");
  const [at, setAt] = useState(0);
  const modems = useLive((live) => live.modems);
  const now = useNow();
  const navigate = useNavigate();
  const found = useMemo(() => {
    const views = VIEWS.map(({ to, text: key }) => ({ to, name: t(key), kind: t("find.view"), state: null }));
    const devices = filterRows(fleetRows(modems.values(), now), text, "all").map(({ modem, state }) => ({
      to: `/?device=${modem.id}`,
      name: nameOf(modem),
      kind: t(`state.${state}`),
      state,
    }));
    return [...views.filter((v) => v.name.toLowerCase().includes(text.toLowerCase())), ...devices].slice(0, SHOWN);
  }, [modems, now, text]);
  const go = (index: number) => {
    const place = found[index];
    if (!place) return;
    navigate(place.to);
    onClose();
  };
  const onKey = (event: KeyboardEvent) => {
    if (event.key === "ArrowDown") setAt(Math.min(found.length - 1, at + 1));
    else if (event.key === "ArrowUp") setAt(Math.max(0, at - 1));
    else if (event.key === "Enter") go(at);
    else return;
    event.preventDefault();
  };
  return (
    <>
      <TextInput
        data-autofocus
        size="md"
        aria-label={t("find.open")}
        placeholder={t("find.hint")}
        value={text}
        onChange={(e) => {
          setText(e.currentTarget.value);
          setAt(0);
        }}
        onKeyDown={onKey}
      />
      <div className={css.found} role="listbox" aria-label={t("find.found")}>
        {found.map((place, i) => (
          // biome-ignore lint/a11y/useKeyWithClickEvents: the field above takes the keys
          <div key={place.to} role="option" aria-selected={i === at} onClick={() => go(i)} onMouseMove={() => setAt(i)}>
            {place.state && <StateMark state={place.state} />}
            <span className={css.name}>{place.name}</span>
            <span className={css.kind}>{place.kind}</span>
          </div>
        ))}
        {found.length === 0 && <p className="quiet">{t("find.nothing")}</p>}
      </div>
    </>
  );
}

export default function Palette({ opened, onClose }: { opened: boolean; onClose(): void }) {
  return (
    <Modal
      opened={opened}
      onClose={onClose}
      title={t("find.open")}
      classNames={{ header: "hidden" }}
      styles={{ body: { paddingTop: "var(--mantine-spacing-md)" } }}
      withCloseButton={false}
      yOffset="12dvh"
      centered={false}
      size={520}
    >
      <Finder onClose={onClose} />
    </Modal>
  );
}
