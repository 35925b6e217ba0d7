// The frame around every view: bar, banners, the view, and on a phone the tabs below.
import { lazy, type ReactNode, Suspense, useEffect, useState } from "react";
import { useLocation, useNavigate } from "react-router";
import { useKeptChoices } from "../me/useChoices";
import { useUnknown } from "../outgoing/useUnknown";
import { t } from "../text/text";
import { FirstRunOffer } from "../welcome/FirstRunOffer";
import { Banner } from "./Banner";
import { Failure } from "./Failure";
import css from "./frame.module.css";
import { Tabs } from "./Tabs";
import { TopBar } from "./TopBar";
import { elsewhere } from "./useListKeys";
import { VIEWS } from "./views";

// Not needed to show a view: fetched beside it.
const Help = lazy(() => import("./Help"));
const Palette = lazy(() => import("./Palette"));

type Open = "help" | "palette" | null;
export function Frame({ children }: { children: ReactNode }) {
  const [open, setOpen] = useState<Open>(null);
  useUnknown();
  useKeptChoices();
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
      const page = VIEWS.find((view) => view.key === event.key);
      if (event.key === "?") setOpen("help");
      else if (event.key === "/") {
        const field = document.querySelector<HTMLInputElement>("[data-search]");
        if (field === null) return;
        event.preventDefault();
        field.focus();
        field.select();
      } else if (page !== undefined) navigate(page.to);
    };
    document.addEventListener("keydown", onKey);
    return () => document.removeEventListener("keydown", onKey);
  }, [navigate]);
  useEffect(() => {
    // The page of a device says which one it is.
    if (pathname.startsWith("/devices/")) return;
    const view = VIEWS.find(({ to }) => to === pathname);
    document.title = view ? `${t(view.text)} · ${t("name")}` : t("name");
  }, [pathname]);
  return (
    <div className={css.frame}>
      <TopBar onHelp={() => setOpen("help")} onFind={() => setOpen("palette")} />
      <Banner />
      {pathname === "/" && <FirstRunOffer />}
      <main className={css.main}>
        <Failure view={pathname}>{children}</Failure>
      </main>
      <Tabs place="below" />
      <Suspense>
        <Help opened={open === "help"} onClose={() => setOpen(null)} />
        <Palette opened={open === "palette"} onClose={() => setOpen(null)} />
      </Suspense>
    </div>
  );
}
