// Every request about people, tokens and the audit log.
import { get, post, put, remove } from "../api/client";
import type { AuditEntry, Body, Invitation, NewToken, Page, Person, Role, Token, TokenWish } from "../api/types";

const PAGE = 100;

export const people = () => get<Page<Person>>("/people");
export const invite = (name: string, role: Role) =>
  post<Invitation>("/people", { name, role } satisfies Body<"NewPerson">);
export const changePerson = (id: string, change: Body<"PersonChange">) => put<Person>(`/people/${id}`, change);
export const newLink = (id: string) => post<Invitation>(`/people/${id}/link`, {});
export const removePerson = (id: string) => remove(`/people/${id}`);

export const tokens = () => get<Page<Token>>("/tokens");
export const makeToken = (wish: TokenWish) => post<NewToken>("/tokens", wish);
export const revokeToken = (id: string) => remove(`/tokens/${id}`);

export const audit = (actor: string, cursor: string | null) =>
  get<Page<AuditEntry>>("/audit", { actor, limit: PAGE, cursor });
