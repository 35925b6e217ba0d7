// Every request about routes, endpoints and deliveries.
import { get, post, put, remove } from "../api/client";
import type { Page } from "../api/types";
import type {
  Delivery,
  DeliveryDetail,
  DeliveryState,
  Endpoint,
  EndpointMade,
  NewEndpoint,
  NewRoute,
  Preview,
  Route,
} from "./apiTypes";

const PAGE = 100;

export const routes = (cursor: string | null) => get<Page<Route>>("/routes", { limit: PAGE, cursor });
export const route = (id: string) => get<Route>(`/routes/${id}`);
export const makeRoute = (wish: NewRoute) => post<Route>("/routes", wish);
export const changeRoute = (id: string, wish: NewRoute) => put<Route>(`/routes/${id}`, wish);
export const deleteRoute = (id: string) => remove(`/routes/${id}`);
export const turnRoute = (id: string, on: boolean) => post<Route>(`/routes/${id}/${on ? "enable" : "disable"}`, {});
export const previewRoute = (wish: NewRoute) => post<Preview>("/routes/preview", wish);

/** What a decoded message holds. */
export const jsonSchema = () => get<{ properties?: Record<string, unknown> }>("/formats/json/schema");

export const endpoints = (cursor: string | null) => get<Page<Endpoint>>("/endpoints", { limit: PAGE, cursor });
export const endpoint = (id: string) => get<Endpoint>(`/endpoints/${id}`);
export const makeEndpoint = (wish: NewEndpoint) => post<EndpointMade>("/endpoints", wish);
export const changeEndpoint = (id: string, wish: NewEndpoint) => put<Endpoint>(`/endpoints/${id}`, wish);
export const deleteEndpoint = (id: string) => remove(`/endpoints/${id}`);
export const turnEndpoint = (id: string, on: boolean, reason: string) =>
  post<Endpoint>(`/endpoints/${id}/${on ? "enable" : "disable"}`, { reason });
export const testEndpoint = (id: string) => post<DeliveryDetail>(`/endpoints/${id}/test`, {});
export const newSecret = (id: string) => post<EndpointMade>(`/endpoints/${id}/signing-keys`, {});
export const dropSecret = (id: string, number: number) => remove(`/endpoints/${id}/signing-keys/${number}`);

export interface DeliveryFilter {
  state?: DeliveryState;
  endpoint?: string;
  route?: string;
  device?: string;
  message?: string;
}

export const deliveries = (filter: DeliveryFilter, cursor: string | null, limit = PAGE) =>
  get<Page<Delivery>>("/deliveries", { ...filter, limit, cursor });
export const delivery = (id: string) => get<DeliveryDetail>(`/deliveries/${id}`);
export const redeliver = (id: string, reason: string) =>
  post<DeliveryDetail>(`/deliveries/${id}/redeliver`, { reason });
export const discard = (id: string, reason: string) => post<DeliveryDetail>(`/deliveries/${id}/discard`, { reason });

/** All deliveries of an endpoint that wait or failed. */
export interface Many {
  endpoint_id: string;
  state: "waiting" | "failed";
  reason: string;
}
export const redeliverMany = (many: Many) => post<{ count: number }>("/deliveries/redeliver", many);
export const discardMany = (many: Many) => post<{ count: number }>("/deliveries/discard", many);
