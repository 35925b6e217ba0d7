// Who may come in, which programs may, and what all of them did.
import { Link } from "react-router";
import { useSession } from "../api/session";
import { t, tWord } from "../text/text";
import { Empty } from "../ui/Empty";
import { SectionTabs } from "../ui/SectionTabs";
import { useAddress } from "../ui/useAddress";
import { Audit } from "./Audit";
import { People } from "./People";
import css from "./people.module.css";
import { Tokens } from "./Tokens";

const SECTIONS = ["people", "tokens", "audit"] as const;
type Section = (typeof SECTIONS)[number];

export default function PeoplePage() {
  const { name, role } = useSession();
  const [search, change] = useAddress();
  if (role !== "admin") {
    return (
      <div className={css.refused}>
        <Empty title={t("people.admin_only")}>
          <p>{t("people.admin_only_how", { name, role: tWord("role", role) })}</p>
          <p>
            <Link className="link" to="/me">
              {t("people.own")}
            </Link>
          </p>
        </Empty>
      </div>
    );
  }
  const shown: Section = SECTIONS.find((section) => section === search.get("show")) ?? "people";
  const show = (section: Section) =>
    change({
      show: section === "people" ? null : section,
      open: null,
      actor: null,
    });
  const tabs = (
    <SectionTabs
      label={t("people.sections")}
      values={SECTIONS}
      shown={shown}
      words={(section) => t(`people.section.${section}`)}
      onShow={show}
    />
  );
  if (shown === "tokens") return <Tokens tabs={tabs} />;
  if (shown === "audit") return <Audit tabs={tabs} />;
  return <People tabs={tabs} />;
}
