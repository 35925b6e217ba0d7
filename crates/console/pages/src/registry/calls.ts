// Every request about the registry, and about who wants to come in.
import { get, patch, post, remove, upload } from "../api/client";
import type { Page, Time } from "../api/types";
import type {
  Device,
  DeviceKind,
  Group,
  Imported,
  Knock,
  Link,
  LinkEffects,
  NewDevice,
  Registration,
} from "./apiTypes";

export interface DeviceFilter {
  kind?: DeviceKind;
  group_id?: string;
  linked?: boolean;
  q?: string;
}

const PAGE = 100;

export const devices = (filter: DeviceFilter, cursor: string | null, limit = PAGE) =>
  get<Page<Device>>("/devices", { ...filter, limit, cursor });
export const device = (id: string) => get<Device>(`/devices/${id}`);
export const makeDevice = (wish: NewDevice) => post<Device>("/devices", wish);
export const changeDevice = (id: string, change: { serial?: string | null; group_ids?: string[] }) =>
  patch<Device>(`/devices/${id}`, change);
export const deleteDevice = (id: string) => remove(`/devices/${id}`);
export const makeKey = (id: string) => post<{ key: string }>(`/devices/${id}/key`, {});
export const removeKey = (id: string) => remove(`/devices/${id}/key`);

export interface LinkWish {
  modem_id: string;
  since?: Time;
  dry_run?: boolean;
}
export const link = (id: string, wish: LinkWish) => post<LinkEffects>(`/devices/${id}/link`, wish);
export const unlink = (id: string, wish: { at?: Time; dry_run?: boolean }) =>
  post<LinkEffects>(`/devices/${id}/unlink`, wish);
export const linksOfDevice = (id: string) => get<Page<Link>>(`/devices/${id}/links`, { limit: PAGE });
export const linksOfModem = (id: string) => get<Page<Link>>(`/modems/${id}/links`, { limit: PAGE });

export const importDevices = (csv: string, dryRun: boolean) =>
  upload<Imported>("/devices/import", "text/csv", csv, { dry_run: dryRun });

export const groups = (cursor: string | null) => get<Page<Group>>("/groups", { limit: PAGE, cursor });
export const makeGroup = (name: string) => post<Group>("/groups", { name });
export const deleteGroup = (id: string) => remove(`/groups/${id}`);

export const registration = () => get<Registration>("/registration");
export const openRegistration = (minutes: number) => post<Registration>("/registration", { minutes });
export const closeRegistration = () => remove("/registration");

export const knocks = () => get<Page<Knock>>("/knocks", { limit: PAGE });
export const forgetKnock = (name: string) => remove(`/knocks/${encodeURIComponent(name)}`);
