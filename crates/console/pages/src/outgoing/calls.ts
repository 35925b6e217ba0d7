// Every request about budgets, schedules and orders to groups.
import { get, post, put, remove } from "../api/client";
import type { Mt, Order, Page } from "../api/types";
import type { DeviceRef } from "../registry/apiTypes";
import type { Budget, NewBudget, NewSchedule, Schedule } from "../routes/apiTypes";

const PAGE = 100;

export const budgets = (cursor: string | null) => get<Page<Budget>>("/budgets", { limit: PAGE, cursor });
export const makeBudget = (wish: NewBudget) => post<Budget>("/budgets", wish);
export const changeBudget = (id: string, wish: NewBudget) => put<Budget>(`/budgets/${id}`, wish);
export const deleteBudget = (id: string) => remove(`/budgets/${id}`);

export const schedules = (cursor: string | null) => get<Page<Schedule>>("/schedules", { limit: PAGE, cursor });
export const makeSchedule = (wish: NewSchedule) => post<Schedule>("/schedules", wish);
export const changeSchedule = (id: string, wish: NewSchedule) => put<Schedule>(`/schedules/${id}`, wish);
export const deleteSchedule = (id: string) => remove(`/schedules/${id}`);
/** The same key twice tells nobody twice, however often the answer was lost. */
export const runSchedule = (id: string, reason: string, key: string) =>
  post<Schedule>(`/schedules/${id}/run`, { reason }, { "Idempotency-Key": key });

export interface GroupTelling {
  group_id: string;
  order: Order;
  reason?: string;
}
export interface GroupTold {
  taken: Mt[];
  refused: { device: DeviceRef; reason: string }[];
}
export const tellGroup = (telling: GroupTelling, key: string) =>
  post<GroupTold>("/outgoing/group", telling, { "Idempotency-Key": key });
