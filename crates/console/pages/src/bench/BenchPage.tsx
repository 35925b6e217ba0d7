// A device on the bench: what it says over its line, and what it can be told.
import { ActionIcon } from "@mantine/core";
import { IconArrowLeft } from "@tabler/icons-react";
import { useEffect } from "react";
import { Link, useParams } from "react-router";
import { ApiError } from "../api/client";
import { UpgradeBox } from "../firmware/UpgradeBox";
import type { Device } from "../registry/apiTypes";
import { useDeviceOf, useRegistryNews } from "../registry/data";
import { t } from "../text/text";
import { Empty } from "../ui/Empty";
import { ErrorNote } from "../ui/ErrorNote";
import { useAddress } from "../ui/useAddress";
import { useNarrow } from "../ui/useNarrow";
import { WaitingPage } from "../ui/Waiting";
import { Apps } from "./Apps";
import css from "./bench.module.css";
import { Drivers } from "./Drivers";
import { LastWord, Log } from "./Log";
import { About, LinkStrip, Standing } from "./Standing";
import { LineContext, useDeviceLine } from "./useLine";
import { Wifi } from "./Wifi";

const PARTS = ["controls", "log"] as const;

function Bench({ device }: { device: Device }) {
  const { id, name, kind } = device;
  const [search, change] = useAddress();
  const line = useDeviceLine(name);
  const narrow = useNarrow();
  const part = PARTS.find((one) => one === search.get("show")) ?? "controls";
  useEffect(() => {
    document.title = `${t("bench.title", { name })} · ${t("name")}`;
  }, [name]);
  return (
    <LineContext value={line}>
      <div className={css.page}>
        <header className={css.head}>
          <ActionIcon
            component={Link}
            to={`/devices?open=${id}`}
            variant="subtle"
            color="gray"
            size={44}
            aria-label={t("bench.back")}
          >
            <IconArrowLeft size={20} stroke={1.6} />
          </ActionIcon>
          <div className={css.who}>
            <h1>{name}</h1>
            <Standing />
          </div>
        </header>
        <LinkStrip />
        <div className={css.parts} role="group" aria-label={t("bench.parts")}>
          {PARTS.map((one) => (
            <button
              key={one}
              type="button"
              aria-pressed={one === part}
              onClick={() => change({ show: one === "controls" ? null : one }, true)}
            >
              {t(`bench.part.${one}`)}
            </button>
          ))}
        </div>
        <div className={css.columns}>
          {(!narrow || part === "controls") && (
            <div className={css.controls}>
              <div className={css.inner}>
                <About name={name} />
                <Drivers />
                <Wifi name={name} />
                <Apps name={name} kind={kind} />
                {/* The box is a section of its own, and has the name. */}
                <div className={css.section}>
                  <h2>{t("registry.firmware")}</h2>
                  <UpgradeBox deviceId={id} />
                </div>
              </div>
            </div>
          )}
          {(!narrow || part === "log") && <Log />}
        </div>
        {narrow && part === "controls" && <LastWord />}
      </div>
    </LineContext>
  );
}

export default function BenchPage() {
  const { id = "" } = useParams();
  useRegistryNews();
  const { data, error, refetch } = useDeviceOf(id);
  if (data) return <Bench key={data.name} device={data} />;
  if (error instanceof ApiError && (error.status === 404 || error.status === 400)) {
    return (
      <div className={css.page}>
        <Empty title={t("bench.none")}>
          <p>{t("bench.none_how")}</p>
          <p>
            <Link className="link" to="/devices">
              {t("bench.back")}
            </Link>
          </p>
        </Empty>
      </div>
    );
  }
  if (error) {
    return (
      <div style={{ padding: 24, flex: 1 }}>
        <ErrorNote error={error} retry={() => void refetch()} />
      </div>
    );
  }
  return <WaitingPage />;
}
