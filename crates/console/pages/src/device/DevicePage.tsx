// A device's own page: where it has been, how it is, when it speaks again, what it said and can be told.
import { Skeleton } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { lazy, Suspense } from "react";
import { Link, Navigate, useParams } from "react-router";
import { ApiError } from "../api/client";
import { device as registered } from "../registry/calls";
import { t } from "../text/text";
import { Empty } from "../ui/Empty";
import { ErrorNote } from "../ui/ErrorNote";
import css from "./devicepage.module.css";
import { useDevice } from "./useDevice";

// Apart, because plots and map are most of what the pages weigh.
const Device = lazy(() => import("./Device"));

function Waiting() {
  return (
    <div className={css.page} aria-busy="true">
      <div className={css.head}>
        <Skeleton height={20} width={220} />
      </div>
      <div className={css.columns}>
        <div className={css.left}>
          <div className={css.map} />
          <div className={css.waiting}>
            {[70, 90, 80, 60].map((width) => (
              <Skeleton key={width} height={14} width={`${width}%`} />
            ))}
          </div>
        </div>
      </div>
    </div>
  );
}

/** No modem has this id: a device of the registry may have it. */
function NoModem({ id }: { id: string }) {
  const { data, isPending } = useQuery({ queryKey: ["device", id], queryFn: () => registered(id), retry: false });
  if (isPending) return <Waiting />;
  if (data) return <Navigate to={`/devices?open=${id}`} replace />;
  return (
    <div className={css.page}>
      <Empty title={t("device.none")}>
        <p>{t("device.none_how")}</p>
        <p>
          <Link className="link" to="/">
            {t("device.back")}
          </Link>
        </p>
      </Empty>
    </div>
  );
}

export function DevicePage() {
  const { id = "" } = useParams();
  const { modem, error, retry } = useDevice(id);
  if (modem) {
    return (
      <Suspense fallback={<Waiting />}>
        <Device key={id} modem={modem} />
      </Suspense>
    );
  }
  if (error instanceof ApiError && (error.status === 404 || error.status === 400)) return <NoModem id={id} />;
  if (error) {
    return (
      <div style={{ padding: 24, flex: 1 }}>
        <ErrorNote error={error} retry={retry} />
      </div>
    );
  }
  return <Waiting />;
}
