// What there is in the field: devices, their modems, groups, and who wants to come in.
import { t } from "../text/text";
import { SectionTabs } from "../ui/SectionTabs";
import { StateMark } from "../ui/StateMark";
import { useAddress } from "../ui/useAddress";
import { Arrivals } from "./Arrivals";
import { Devices } from "./Devices";
import { useKnocks, useRegistryNews } from "./data";
import { Groups } from "./Groups";
import { Import } from "./Import";
import { Modems } from "./Modems";
import css from "./registry.module.css";

const SECTIONS = ["devices", "modems", "groups", "arrivals"] as const;
type Section = (typeof SECTIONS)[number];

function Tabs({ shown }: { shown: Section }) {
  const [, change] = useAddress();
  const { data: knocks = [] } = useKnocks();
  return (
    <SectionTabs
      label={t("registry.sections")}
      values={SECTIONS}
      shown={shown}
      words={(section) => (
        <>
          {t(`registry.section.${section}`)}
          {section === "arrivals" && knocks.length > 0 && (
            <span className={css.badge}>
              <StateMark state="problem" size={10} />
              {knocks.length}
            </span>
          )}
        </>
      )}
      onShow={(section) =>
        change({
          show: section === "devices" ? null : section,
          open: null,
          q: null,
          kind: null,
          group: null,
          linked: null,
          picked: null,
          select: null,
          name: null,
          modem: null,
        })
      }
    />
  );
}

export default function RegistryPage() {
  const [search] = useAddress();
  useRegistryNews();
  const show = search.get("show");
  const shown = SECTIONS.find((section) => section === show) ?? "devices";
  const tabs = <Tabs shown={shown} />;
  if (show === "import") return <Import tabs={tabs} />;
  if (shown === "modems") return <Modems tabs={tabs} />;
  if (shown === "groups") return <Groups tabs={tabs} />;
  if (shown === "arrivals") return <Arrivals tabs={tabs} />;
  return <Devices tabs={tabs} />;
}
