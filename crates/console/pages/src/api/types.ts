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
export type Trust = "unsigned" | "listed_address" | "secret_path" | "signed";
export type Generation = "v2_buoy" | "v3_buoy" | "handset";
export type CreditsBy = "account" | "modem" | "day";

/** Fields that are plain strings in the description, although only these words stand in them. */
interface Words {
  role: Role;
  trust: Trust;
  generation: Generation;
  /** Of a position; the source of a message is no string. */
  source: "gps" | "satellite";
}
type Word<Said, Field> = Said extends string ? (Field extends keyof Words ? Words[Field] : Said) : Whole<Said>;

/** As the server answers, with the words that the description calls plain strings. */
type Whole<T> = unknown extends T ? T : { [Field in keyof T]: Word<T[Field], Field> };
type Answer<Name extends keyof Schemas> = Whole<Schemas[Name]>;

export type MessageState = Schemas["MessageState"];
export type ProblemState = Schemas["ProblemState"];
export type ProblemKind = Schemas["ProblemKind"];
export type MtState = Schemas["MtState"];
export type Proof = Schemas["Proof"];
export type Decision = Schemas["Decision"];
export type AccountState = Schemas["AccountState"];

/** All words of a kind in this order; to leave one out, or to name one that is none, is an error of types. */
const all = <Name extends string>(words: Record<Name, 1>) => Object.keys(words) as Name[];

export const PROBLEM_KINDS = all<ProblemKind>({
  faulty_push: 1,
  unreadable_text: 1,
  conflicting_message: 1,
  untrusted_push: 1,
  no_imei: 1,
  new_modem_limit: 1,
  refused_command: 1,
  failed_work: 1,
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
export const CREDITS_BY = all<CreditsBy>({ account: 1, modem: 1, day: 1 });

/** A moment in RFC 3339. */
export type Time = string;

export type Session = Answer<"SessionView">;
export type Preferences = Schemas["Preferences"];
export type Person = Answer<"PersonView">;
export type Invitation = Answer<"Invitation">;
export type Token = Answer<"TokenView">;
export type NewToken = Answer<"NewToken">;
export type AuditEntry = Answer<"AuditView">;
export type Position = Answer<"PositionView">;
export type Modem = Answer<"ModemView">;
export type Message = Answer<"MessageView">;
export type Reading = Answer<"ReadingView">;
export type Gap = Answer<"GapView">;
export type Problem = Answer<"ProblemView">;
export type System = Answer<"SystemView">;
export type Order = Schemas["Order"];
export type Mt = Answer<"MtView">;
export type MtDetail = Answer<"Detail">;
export type Account = Answer<"AccountView">;
export type Spent = Answer<"CreditsView">;
export type LiveEvent = Answer<"LiveEvent">;

export type MessageDetail = Answer<"MessageDetail"> & {
  // The description calls both anything.
  source: { headers: Record<string, string> | null; differences: string[] | null };
};
export type Offer = Answer<"OfferView"> & { kind: Order["type"] };
export type Downlink = Omit<Answer<"DownlinkView">, "offers"> & { offers: Offer[] };

export type Page<Item> = Omit<Answer<"Page_MtView">, "items"> & { items: Item[] };
