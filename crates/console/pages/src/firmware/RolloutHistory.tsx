// Who did what with a roll-out, from the audit log; that is the admins' to read.
import { Skeleton } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { Link } from "react-router";
import { useSession } from "../api/session";
import { t, tWord } from "../text/text";
import { Ago } from "../ui/Ago";
import { ErrorNote } from "../ui/ErrorNote";
import { Part } from "../ui/Facts";
import type { Rollout } from "./apiTypes";
import * as calls from "./calls";
import { rolloutKey } from "./news";
import css from "./rollout.module.css";

export function RolloutHistory({ rollout }: { rollout: Rollout }) {
  const { role } = useSession();
  const { data, error, refetch } = useQuery({
    // A change of state is what was done.
    queryKey: [...rolloutKey(rollout.id), "history", rollout.state],
    queryFn: () => calls.auditOf(`rollout ${rollout.id}`),
    enabled: role === "admin",
    placeholderData: (old) => old,
  });
  if (role !== "admin") return null;
  const all = (
    <Link className="link" to="/people?show=audit">
      {t("rollout.history_all")}
    </Link>
  );
  return (
    <Part title={t("rollout.history")} aside={all}>
      {error && <ErrorNote error={error} retry={() => void refetch()} />}
      {!data && !error && <Skeleton height={60} />}
      {data?.length === 0 && <p className="quiet">{t("rollout.history_none")}</p>}
      <ol className={css.history}>
        {data?.map((entry) => (
          <li key={entry.id}>
            <span>
              <b>{entry.actor}</b> {tWord("did", entry.action)}
            </span>
            <span className="quiet">
              <Ago at={entry.at} />
            </span>
            {entry.detail && <p>{entry.detail}</p>}
          </li>
        ))}
      </ol>
    </Part>
  );
}
