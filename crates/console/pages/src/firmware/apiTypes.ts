// Firmware, its jobs and its roll-outs: names for what `schema.d.ts` has of them.
import { all, type Body } from "../api/types";

export type VersionState = Body<"VersionState">;
export type SignatureState = Body<"SignatureState">;
export type JobState = Body<"JobState">;
export type RolloutState = Body<"RolloutState">;
export type StageState = Body<"StageState">;
export type TargetState = Body<"TargetState">;
export type RevisionKind = Body<"RevisionKind">;

export const REVISION_KINDS = all<RevisionKind>({ branch: 1, tag: 1, commit: 1 });
export const VERSION_STATES = all<VersionState>({ ready: 1, preparing: 1, refused: 1 });
export const TARGET_STATES = all<TargetState>({ offered: 1, failed: 1, waiting: 1, succeeded: 1, skipped: 1 });

export type Source = Body<"SourceView">;
export type Revision = Body<"RevisionView">;
export type Version = Body<"VersionView">;
export type VersionFile = Body<"FileView">;
export type Job = Body<"JobView">;
export type Stage = Body<"StageView">;
export type Rollout = Body<"RolloutView">;
export type Target = Body<"TargetView">;
export type PlannedDevice = Body<"PlannedDevice">;
export type Plan = Body<"RolloutPlan">;
export type StageWish = Body<"StageSpec">;
export type RolloutWish = Body<"NewRolloutBody">;
export type RollBack = Body<"RollBack">;
