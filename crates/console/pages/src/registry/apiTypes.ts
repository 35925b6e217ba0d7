// The registry and the lines: names for what `schema.d.ts` has of them.
import type { Body } from "../api/types";

export type DeviceKind = Body<"DeviceKind">;
export type DeviceRef = Body<"DeviceRef">;
export type LinkedModem = Body<"LinkedModem">;
export type GroupRef = Body<"GroupRef">;
export type Presence = Body<"Presence">;
export type FirmwareSeen = Body<"FirmwareSeen">;
export type Device = Body<"DeviceView">;
export type Link = Body<"LinkView">;
export type Group = Body<"GroupView">;
export type LinkEffects = Body<"LinkEffects">;
export type NewDevice = Body<"NewDeviceBody">;
export type ImportRow = Body<"ImportRow">;
export type Imported = Body<"ImportReport">;
export type Registration = Body<"RegistrationView">;
export type Knock = Body<"KnockView">;
export type Room = Body<"RoomView">;
export type RoomLine = Body<"LogLine">;
export type LineEvent = Body<"LineEvent">;
export type LineOrder = Body<"LineOrder">;
