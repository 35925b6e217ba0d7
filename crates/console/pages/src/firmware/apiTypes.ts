// The JSON of the firmware service's interface, as far as `api/schema.d.ts` does not have it yet.
import type { Time } from "../api/types";
import type { DeviceKind, DeviceRef, FirmwareSeen } from "../registry/apiTypes";

/** All words of a kind in this order; to leave one out, or to name one that is none, is an error of types. */
const all = <Name extends string>(words: Record<Name, 1>) => Object.keys(words) as Name[];

export type VersionState = "preparing" | "ready" | "refused";
export type SignatureState = "unsigned" | "good" | "bad";
export type JobState = "preparing" | "ready" | "transferring" | "succeeded" | "failed" | "timed_out" | "cancelled";
export type RolloutState =
  | "waiting_for_approval"
  | "ready"
  | "running"
  | "paused"
  | "stopped"
  | "finished"
  | "cancelled";
export type StageState = "waiting" | "running" | "done" | "failed";
export type TargetState = "waiting" | "offered" | "succeeded" | "failed" | "skipped";
export type RevisionKind = "branch" | "tag" | "commit";

export const REVISION_KINDS = all<RevisionKind>({ branch: 1, tag: 1, commit: 1 });
export const VERSION_STATES = all<VersionState>({ ready: 1, preparing: 1, refused: 1 });
export const TARGET_STATES = all<TargetState>({ offered: 1, failed: 1, waiting: 1, succeeded: 1, skipped: 1 });

export interface Source {
  name: string;
  /** Without credentials. */
  url: string;
  signature_required: boolean;
  fetched_at: Time | null;
  /** When fetching failed last, where it has failed since. */
  failed_at: Time | null;
  failure: string | null;
  bytes: number;
}

export interface Revision {
  kind: RevisionKind;
  name: string;
  commit: string;
  subject: string;
  author: string;
  committed_at: Time;
  /** The version that was made of this commit. */
  version_id: string | null;
}

export interface Version {
  id: string;
  source: string;
  revision: string;
  commit: string;
  subject: string;
  author: string;
  committed_at: Time;
  state: VersionState;
  cause: string | null;
  /** SHA-256 of the list of its files, once it is ready. */
  digest: string | null;
  files: number;
  bytes: number;
  signature: SignatureState;
  signed_by: string | null;
  created_at: Time;
  asked_by: string;
}

export interface VersionFile {
  path: string;
  bytes: number;
  sha1: string;
  sha256: string;
}

export interface Job {
  id: string;
  /** The number by which the device knows it. */
  number: number;
  device: DeviceRef;
  version_id: string;
  revision: string;
  rollout_id: string | null;
  state: JobState;
  cause: string | null;
  asked_by: string;
  created_at: Time;
  started_at: Time | null;
  heard_at: Time | null;
  ended_at: Time | null;
  attempts: number;
  files_done: number;
  files: number;
  bytes_done: number;
  bytes: number;
  current_file: string | null;
}

export interface Stage {
  /** From 1. */
  ordinal: number;
  state: StageState;
  success_percent: number;
  error_percent: number;
  devices: number;
  waiting: number;
  offered: number;
  succeeded: number;
  failed: number;
  skipped: number;
}

export interface Rollout {
  id: string;
  name: string;
  version: Version;
  state: RolloutState;
  cause: string | null;
  created_by: string;
  created_at: Time;
  needs_approval: boolean;
  approved_by: string | null;
  call_devices: boolean;
  job_timeout_s: number;
  rolls_back: string | null;
  started_at: Time | null;
  ended_at: Time | null;
  stages: Stage[];
}

export interface Target {
  device: DeviceRef;
  stage: number;
  state: TargetState;
  cause: string | null;
  job: Job | null;
}

export interface PlannedDevice {
  device: DeviceRef;
  from?: FirmwareSeen | null;
  files_changed: number;
  bytes: number;
  /** Why it is left out. */
  skipped?: string | null;
}

export interface Plan {
  stages: { devices: PlannedDevice[] }[];
  devices: number;
  files_changed_max: number;
  bytes_each_max: number;
  /** Also of files that are the same: the devices' own client fetches all. */
  bytes_fetched_each: number;
  warnings: string[];
}

export interface StageWish {
  device_ids?: string[];
  group_ids?: string[];
  /** Only devices of this kind; of all devices, where no groups are named. */
  kind?: DeviceKind;
  /** Of the groups' devices that are in no stage before; not of those in `device_ids`. */
  percent?: number;
  success_percent: number;
  error_percent: number;
}

export interface RolloutWish {
  name: string;
  version_id: string;
  stages: StageWish[];
  needs_approval: boolean;
  call_devices: boolean;
  job_timeout_s: number;
  dry_run?: boolean;
}

/** What taking a roll-out back has made: one for each version that its devices had before. */
export interface RollBack {
  rollouts: Rollout[];
  left_out: { device: DeviceRef; why: string }[];
}

/** What the live line tells of firmware. */
export type FirmwareNews =
  | { type: "firmware_source"; source: Source }
  | { type: "version"; version: Version }
  | { type: "job"; job: Job }
  | { type: "rollout"; rollout: Rollout };
