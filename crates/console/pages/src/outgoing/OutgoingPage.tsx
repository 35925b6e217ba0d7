// Messages to devices: those that were sent, what is told again and again, and how much may be spent.
import { t } from "../text/text";
import { SectionTabs } from "../ui/SectionTabs";
import { useAddress } from "../ui/useAddress";
import { Budgets } from "./Budgets";
import { Schedules } from "./Schedules";
import { Sent } from "./Sent";

const SECTIONS = ["messages", "schedules", "budgets"] as const;
const VIEW = { messages: Sent, schedules: Schedules, budgets: Budgets };

export default function OutgoingPage() {
  const [search, change] = useAddress();
  const shown = SECTIONS.find((section) => section === search.get("show")) ?? "messages";
  const tabs = (
    <SectionTabs
      label={t("outgoing.sections")}
      values={SECTIONS}
      shown={shown}
      words={(section) => t(`outgoing.section.${section}`)}
      onShow={(section) => {
        const other = Object.fromEntries([...search.keys()].map((key) => [key, null]));
        change({ ...other, show: section === "messages" ? null : section });
      }}
    />
  );
  const View = VIEW[shown];
  return <View tabs={tabs} />;
}
