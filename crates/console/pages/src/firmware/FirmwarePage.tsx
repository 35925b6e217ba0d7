// Firmware: where it comes from, what can be given to devices, and who gets it when.
import { t } from "../text/text";
import { SectionTabs } from "../ui/SectionTabs";
import { useAddress } from "../ui/useAddress";
import { useFirmwareNews } from "./news";
import { Rollouts } from "./Rollouts";
import { Sources } from "./Sources";
import { Upgrades } from "./Upgrades";
import { Versions } from "./Versions";

const SECTIONS = ["rollouts", "upgrades", "versions", "sources"] as const;
type Section = (typeof SECTIONS)[number];

const VIEW = { rollouts: Rollouts, upgrades: Upgrades, versions: Versions, sources: Sources };

export default function FirmwarePage() {
  useFirmwareNews();
  const [search, change] = useAddress();
  const shown: Section = SECTIONS.find((section) => section === search.get("show")) ?? "rollouts";
  const show = (section: Section) => {
    const other = [...search.keys()].filter((key) => key !== "show");
    change({ ...Object.fromEntries(other.map((key) => [key, null])), show: section === "rollouts" ? null : section });
  };
  const tabs = (
    <SectionTabs
      label={t("firmware.sections")}
      values={SECTIONS}
      shown={shown}
      words={(section) => t(`firmware.section.${section}`)}
      onShow={show}
    />
  );
  const View = VIEW[shown];
  return <View tabs={tabs} />;
}
