// The last values of a device, each with its unit, each copyable where a person would want it elsewhere.
import { Link } from "react-router";
import type { Modem, Position } from "../api/types";
import { coordinates } from "../domain/coordinates";
import { course, radius, speed, volts } from "../domain/units";
import { t, tWord } from "../text/text";
import { Ago, AgoExact } from "../ui/Ago";
import { Copyable } from "../ui/Copyable";
import { Fact, Facts, Part } from "../ui/Facts";
import { usePreferences } from "../ui/preferences";

function Place({ position }: { position: Position }) {
  const { coordinates: style } = usePreferences();
  const other = style === "decimal" ? "minutes" : "decimal";
  const { latitude, longitude, accuracy_m } = position;
  return (
    <>
      <Copyable text={coordinates(latitude, longitude, style)} />
      <br />
      <span className="quiet">
        <Copyable text={coordinates(latitude, longitude, other)} />
      </span>
      <br />
      <span className="quiet">
        {accuracy_m !== null && `${radius(accuracy_m)} · `}
        <Ago at={position.at} />
        {position.late && ` · ${t("position.late")}`}
      </span>
    </>
  );
}

export function DeviceValues({ modem }: { modem: Modem }) {
  const { speed: unit } = usePreferences();
  return (
    <Part title={t("device.values")}>
      <Facts>
        <Fact name={t("device.fix")} why={t("position.no_fix")}>
          {modem.fix && <Place position={modem.fix} />}
        </Fact>
        <Fact name={t("device.estimate")} why={t("position.no_estimate")}>
          {modem.estimate && <Place position={modem.estimate} />}
        </Fact>
        <Fact name={t("device.speed")}>
          {modem.speed_m_s !== null && `${speed(modem.speed_m_s, unit)} ${t(`unit.${unit}`)}`}
        </Fact>
        <Fact name={t("device.course")}>{modem.course_deg !== null && course(modem.course_deg)}</Fact>
        <Fact name={t("device.battery")}>{modem.battery_v !== null && `${volts(modem.battery_v)} V`}</Fact>
        <Fact name={t("device.status")}>{modem.status && tWord("status", modem.status)}</Fact>
        <Fact name={t("device.beacon")}>
          {modem.beacon_on !== null && t(modem.beacon_on ? "device.beacon_on" : "device.beacon_off")}
        </Fact>
      </Facts>
    </Part>
  );
}

export function DeviceIdentity({ modem }: { modem: Modem }) {
  return (
    <Part title={t("device.identity")}>
      <Facts>
        <Fact name={t("device.registered")} why={t("device.unregistered")}>
          {modem.device && (
            <>
              <Link className="link" to={`/devices?open=${modem.device.id}`}>
                {modem.device.name}
              </Link>{" "}
              ·{" "}
              <Link className="link" to={`/devices/${modem.device.id}/bench`}>
                {t("device.bench")}
              </Link>
            </>
          )}
        </Fact>
        <Fact name={t("device.imei")}>
          <Copyable text={modem.imei} />
        </Fact>
        <Fact name={t("device.serial")}>{modem.serial && <Copyable text={modem.serial} />}</Fact>
        <Fact name={t("device.dialect")}>{modem.dialect && tWord("dialect", modem.dialect)}</Fact>
        <Fact name={t("device.momsn")}>{modem.momsn !== null && String(modem.momsn)}</Fact>
        <Fact name={t("device.first_seen")}>
          <AgoExact at={modem.first_seen_at} />
        </Fact>
        <Fact name={t("device.signed")} why={t("device.unsigned")}>
          {modem.signed_since && <AgoExact at={modem.signed_since} />}
        </Fact>
      </Facts>
    </Part>
  );
}
