// The three parts of passing messages on, as tabs with addresses of their own.
import { useNavigate } from "react-router";
import { useSession } from "../api/session";
import { t } from "../text/text";
import { SectionTabs } from "../ui/SectionTabs";

const SECTIONS = ["routes", "endpoints", "deliveries"] as const;
export type Section = (typeof SECTIONS)[number];

/** In the place of an id: the form for a new one. */
export const NEW = "new";

export function AreaTabs({ shown }: { shown: Section }) {
  const navigate = useNavigate();
  return (
    <SectionTabs
      label={t("routes.sections")}
      values={SECTIONS}
      shown={shown}
      words={(section) => t(`nav.${section}`)}
      onShow={(section) => navigate(`/${section}`)}
    />
  );
}

/** Who may change routes, and settle deliveries. */
export const useMayRoute = () => useSession().role !== "viewer";
/** Endpoints hold secrets. */
export const useMayEndpoint = () => useSession().role === "admin";
