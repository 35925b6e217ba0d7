// The JSON of the HTTP interface and of the live feed: names for what `schema.d.ts` has from the API's description.
import type { components, paths } from "./schema";

type Schemas = components["schemas"];

/** What a request carries. */
export type Body<Name extends keyof Schemas> = Schemas[Name];
/** What may stand behind the question mark of a GET. */
export type Query<Path extends keyof paths> = paths[Path] extends { get: { parameters: { query?: infer Q } } }
  ? NonNullable<Q>
  : never;

export type Role = Schemas["Role"];
export type Scope = Schemas["Scope"];
export type Trust = Schemas["Trust"];
export type Generation = Schemas["Dialect"];
export type CreditsBy = NonNullable<Query<"/api/v1/credits">["by"]>;
export type MessageState = Schemas["MessageState"];
export type ProblemState = Schemas["ProblemState"];
export type ProblemKind = Schemas["ProblemKind"];
export type MtState = Schemas["MtState"];
export type Proof = Schemas["Proof"];
export type Decision = Schemas["Decision"];
export type AccountState = Schemas["AccountState"];

/** All words of a kind in this order; to leave one out, or to name one that is none, is an error of types. */
export const all = <Name extends string>(words: Record<Name, 1>) => Object.keys(words) as Name[];

export const PROBLEM_KINDS = all<ProblemKind>({
  faulty_push: 1,
  unreadable_text: 1,
  conflicting_message: 1,
  untrusted_push: 1,
  no_imei: 1,
  new_modem_limit: 1,
  refused_command: 1,
  failed_work: 1,
  endpoint_disabled: 1,
  proof_missing: 1,
  budget_low: 1,
});
export const MESSAGE_STATES = all<MessageState>({ waiting: 1, decoded: 1, empty: 1, problem: 1, replaced: 1 });
export const PROBLEM_STATES = all<ProblemState>({ open: 1, repaired: 1, replayed: 1, admitted: 1, discarded: 1 });
export const MT_STATES = all<MtState>({
  queued: 1,
  sending: 1,
  accepted: 1,
  unknown: 1,
  delivered: 1,
  rejected: 1,
  unconfirmable: 1,
  failed: 1,
  expired: 1,
  superseded: 1,
  cancelled: 1,
});
export const DECISIONS = all<Decision>({ sent: 1, send_again: 1, give_up: 1 });
export const GENERATIONS = all<Generation>({ v2_buoy: 1, v3_buoy: 1, handset: 1 });
export const ROLES = all<Role>({ viewer: 1, operator: 1, admin: 1 });
export const SCOPES = all<Scope>({
  modems: 1,
  devices: 1,
  firmware: 1,
  messages: 1,
  problems: 1,
  outgoing: 1,
  routes: 1,
  changes: 1,
  system: 1,
  people: 1,
});
export const CREDITS_BY = all<CreditsBy>({ account: 1, modem: 1, day: 1 });

/** The device that a modem is in, or in which it was when it sent a message. */
export interface InDevice {
  device?: Schemas["DeviceRef"] | null;
}

/** A moment in RFC 3339. */
export type Time = string;

export type Session = Schemas["SessionView"];
export type Preferences = Schemas["Preferences"];
export type Tiles = Schemas["Tiles"];
export type Person = Schemas["PersonView"];
export type Invitation = Schemas["Invitation"];
export type Token = Schemas["TokenView"];
export type NewToken = Schemas["NewToken"];
export type TokenWish = Schemas["TokenRequest"];
export type AuditEntry = Schemas["AuditView"];
export type Position = Schemas["PositionView"];
export type Modem = Schemas["ModemView"] & InDevice;
export type Message = Schemas["MessageView"] & InDevice;
export type Reading = Schemas["ReadingView"];
export type Note = Schemas["NoteView"];
export type Gap = Schemas["GapView"];
export type Problem = Schemas["ProblemView"];
export type System = Schemas["SystemView"];
export type Check = Schemas["Check"];
export type Service = Schemas["ServiceView"];
export type FirstRun = Schemas["FirstRun"];
export type TestPush = Schemas["TestPush"];
/** `position` is another device's, as a route made it; nobody can ask for it. */
export type Order = Schemas["Order"];
export type Mt = Schemas["MtView"];
export type MtDetail = Schemas["OutgoingDetail"];
export type Account = Schemas["AccountView"];
export type Spent = Schemas["CreditsView"];
export type LiveEvent = Schemas["LiveEvent"];

export type MessageDetail = Schemas["MessageDetail"];
export type Offer = Schemas["OfferView"];
export type Downlink = Schemas["DownlinkView"];

export type Page<Item> = Omit<Schemas["Page_MtView"], "items"> & { items: Item[] };
