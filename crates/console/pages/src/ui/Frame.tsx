// The frame around every view: bar, banner when the line is lost, the view, and on a phone the tabs below.
import { type ReactNode, useEffect, useState } from "react";
import { useLocation, useNavigate } from "react-router";
import { useUnknown } from "../outgoing/useUnknown";
import { t } from "../text/text";
import { Banner } from "./Banner";
import { Failure } from "./Failure";
import css from "./frame.module.css";
import { Help } from "./Help";
import { Palette } from "./Palette";
import { Tabs } from "./Tabs";
import { TopBar } from "./TopBar";
import { elsewhere } from "./useListKeys";

type Open = "help" | "palette" | null;
const VIEW_NAMES: Record<string, "nav.fleet" | "nav.messages" | "nav.problems" | "nav.outgoing" | "nav.system"> = {
  "/": "nav.fleet",
  "/messages": "nav.messages",
  "/problems": "nav.problems",
  "/outgoing": "nav.outgoing",
  "/system": "nav.system",
};
const GO: Record<string, string> = { "1": "/", "2": "/messages", "3": "/problems", "4": "/outgoing", "5": "/system" };

export function Frame({ children }: { children: ReactNode }) {
  const [open, setOpen] = useState<Open>(null);
  useUnknown();
  const navigate = useNavigate();
  const { pathname } = useLocation();
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "k") {
        event.preventDefault();
        setOpen((was) => (was === "palette" ? null : "palette"));
        return;
      }
      if (elsewhere(event)) return;
      const page = GO[event.key];
      if (event.key === "?") setOpen("help");
      else if (event.key === "/") {
        const field = document.querySelector<HTMLInputElement>("[data-search]");
        if (field === null) return;
        event.preventDefault();
        field.focus();
        field.select();
      } else if (page !== undefined) navigate(page);
    };
    document.addEventListener("keydown", onKey);
    return () => document.removeEventListener("keydown", onKey);
  }, [navigate]);
  useEffect(() => {
    const view = VIEW_NAMES[pathname];
    document.title = view ? `${t(view)} · ${t("name")}` : t("name");
  }, [pathname]);
  return (
    <div className={css.frame}>
      <TopBar onHelp={() => setOpen("help")} onFind={() => setOpen("palette")} />
      <Banner />
      <main className={css.main}>
        <Failure view={pathname}>{children}</Failure>
      </main>
      <Tabs place="below" />
      <Help opened={open === "help"} onClose={() => setOpen(null)} />
      <Palette opened={open === "palette"} onClose={() => setOpen(null)} />
    </div>
  );
}
