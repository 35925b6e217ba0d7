// A device's own page: where it has been, how it is, when it speaks again, what it said and can be told.
import { Skeleton } from "@mantine/core";
import { Link, useParams } from "react-router";
import { ApiError } from "../api/client";
import { t } from "../text/text";
import { Empty } from "../ui/Empty";
import { ErrorNote } from "../ui/ErrorNote";
import { Device } from "./Device";
import css from "./devicepage.module.css";
import { useDevice } from "./useDevice";

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

export default function DevicePage() {
  const { id = "" } = useParams();
  const { modem, error, retry } = useDevice(id);
  if (modem) return <Device key={id} modem={modem} />;
  if (error instanceof ApiError && (error.status === 404 || error.status === 400)) {
    return (
      <Empty title={t("device.none")}>
        <p>{t("device.none_how")}</p>
        <p>
          <Link className="link" to="/">
            {t("device.back")}
          </Link>
        </p>
      </Empty>
    );
  }
  if (error) {
    return (
      <div style={{ padding: 24, flex: 1 }}>
        <ErrorNote error={error} retry={retry} />
      </div>
    );
  }
  return <Waiting />;
}
