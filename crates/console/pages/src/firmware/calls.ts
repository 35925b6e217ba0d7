// Every request about firmware.
import { ApiError, get, post, remove } from "../api/client";
import type { AuditEntry, Page } from "../api/types";
import type { RolloutAction } from "../domain/firmware";
import type { Device, Group } from "../registry/apiTypes";
import type {
  Job,
  Plan,
  Revision,
  RevisionKind,
  RollBack,
  Rollout,
  RolloutWish,
  Source,
  Target,
  Version,
  VersionFile,
} from "./apiTypes";

const PAGE = 100;
type Cursor = string | null;

const at = encodeURIComponent;

export const sources = () => get<Source[]>("/firmware/sources");
export const fetchSource = (name: string) => post<void>(`/firmware/sources/${at(name)}/fetch`, {});

export interface RevisionFilter {
  kind: RevisionKind;
  branch?: string;
  q?: string;
}
export const revisions = (source: string, filter: RevisionFilter, cursor: Cursor) =>
  get<Page<Revision>>(`/firmware/sources/${at(source)}/revisions`, { ...filter, limit: 50, cursor });

export interface VersionFilter {
  source?: string;
  state?: string;
}
export const versions = (filter: VersionFilter, cursor: Cursor, limit = PAGE) =>
  get<Page<Version>>("/firmware/versions", { ...filter, limit, cursor });
export const version = (id: string) => get<Version>(`/firmware/versions/${at(id)}`);
const choose = (source: string, revision: string) => post<Version>("/firmware/versions", { source, revision });

/** Chooses a revision. A branch and a tag can have one name; only then the server wants it in full. */
export async function prepare(source: string, { kind, name, commit }: Pick<Revision, "kind" | "name" | "commit">) {
  if (kind === "commit") return choose(source, commit);
  try {
    return await choose(source, name);
  } catch (error) {
    if (!(error instanceof ApiError) || error.status !== 422) throw error;
    return choose(source, `refs/${kind === "tag" ? "tags" : "heads"}/${name}`);
  }
}
export const versionFiles = (id: string, cursor: Cursor) =>
  get<Page<VersionFile>>(`/firmware/versions/${at(id)}/files`, { limit: PAGE, cursor });
export const removeVersion = (id: string) => remove(`/firmware/versions/${at(id)}`);

export interface JobFilter {
  device_id?: string;
  state?: "active" | "ended";
}
export const jobs = (filter: JobFilter, cursor: Cursor, limit = PAGE) =>
  get<Page<Job>>("/firmware/jobs", { ...filter, limit, cursor });
export const job = (id: string) => get<Job>(`/firmware/jobs/${at(id)}`);
export const startJob = (device_id: string, version_id: string, call_device: boolean) =>
  post<Job>("/firmware/jobs", { device_id, version_id, call_device });
export const cancelJob = (id: string, reason: string) => post<Job>(`/firmware/jobs/${at(id)}/cancel`, { reason });

export const rollouts = (cursor: Cursor) => get<Page<Rollout>>("/firmware/rollouts", { limit: PAGE, cursor });
export const rollout = (id: string) => get<Rollout>(`/firmware/rollouts/${at(id)}`);
export const planRollout = (wish: RolloutWish) => post<Plan>("/firmware/rollouts", { ...wish, dry_run: true });
export const makeRollout = (wish: RolloutWish) => post<Rollout>("/firmware/rollouts", wish);
export const changeRollout = (id: string, action: Exclude<RolloutAction, "roll-back">, reason: string) =>
  post<Rollout>(`/firmware/rollouts/${at(id)}/${action}`, { reason });
export const rollBack = (id: string, reason: string) =>
  post<RollBack>(`/firmware/rollouts/${at(id)}/roll-back`, { reason });

export interface TargetFilter {
  stage?: string;
  state?: string;
}
export const targets = (id: string, filter: TargetFilter, cursor: Cursor) =>
  get<Page<Target>>(`/firmware/rollouts/${at(id)}/targets`, { ...filter, limit: PAGE, cursor });

export const device = (id: string) => get<Device>(`/devices/${at(id)}`);
export const devices = (q: string, limit: number) => get<Page<Device>>("/devices", { q, limit });
export const groups = async () => (await get<Page<Group>>("/groups", { limit: 500 })).items;

const AUDIT_PAGES = 4;

/** What the newest part of the audit log says about one subject, newest first. */
export async function auditOf(subject: string): Promise<AuditEntry[]> {
  const entries: AuditEntry[] = [];
  let cursor: Cursor = null;
  for (let i = 0; i < AUDIT_PAGES; i++) {
    const page: Page<AuditEntry> = await get("/audit", { limit: 500, cursor });
    entries.push(...page.items.filter((entry) => entry.subject === subject));
    cursor = page.next_cursor;
    if (cursor === null) break;
  }
  return entries;
}
