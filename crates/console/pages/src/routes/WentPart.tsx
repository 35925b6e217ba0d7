// Where a message was passed on to, and how far each delivery has come.
import { Skeleton } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { Link } from "react-router";
import { DELIVERY_MARK } from "../domain/deliveries";
import { t } from "../text/text";
import { Ago } from "../ui/Ago";
import { ErrorNote } from "../ui/ErrorNote";
import { Part } from "../ui/Facts";
import { StateMark } from "../ui/StateMark";
import { deliveries } from "./calls";
import { DELIVERIES_KEY } from "./data";
import css from "./routes.module.css";

const SHOWN = 10;
const EVERY_MS = 5_000;

export function WentPart({ messageId }: { messageId: string }) {
  const { data, error, refetch, isPending } = useQuery({
    queryKey: [...DELIVERIES_KEY, "of", messageId],
    queryFn: () => deliveries({ message: messageId }, null, SHOWN),
    refetchInterval: ({ state }) => (state.data?.items.some((one) => one.state === "waiting") ? EVERY_MS : false),
  });
  const all = (
    <Link className="link" to={`/deliveries?message=${messageId}`}>
      {t("passed.all")}
    </Link>
  );
  return (
    <Part title={t("passed.title")} aside={data && data.next_cursor !== null && all}>
      {isPending && <Skeleton height={20} />}
      {error && <ErrorNote error={error} retry={() => void refetch()} />}
      {data?.items.length === 0 && <p className="quiet">{t("passed.none")}</p>}
      {data && data.items.length > 0 && (
        <ul className={css.went}>
          {data.items.map((one) => (
            <li key={one.id}>
              <StateMark state={DELIVERY_MARK[one.state]} size={10} />
              <Link className="link" to={`/deliveries?message=${messageId}&open=${one.id}`}>
                {one.endpoint?.name ?? one.target_device?.name ?? t("delivery.target_gone")}
              </Link>
              <span>{t(`delivery.state.${one.state}`)}</span>
              <span className="quiet">
                <Ago at={one.settled_at ?? one.tried_at ?? one.created_at} past />
              </span>
            </li>
          ))}
        </ul>
      )}
    </Part>
  );
}
