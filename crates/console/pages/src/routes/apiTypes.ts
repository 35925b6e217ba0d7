// Routes, endpoints, deliveries, budgets, schedules and imports: names for what `schema.d.ts` has of them.
import type { Body } from "../api/types";

export type RouteSource = Body<"RouteSource">;
export type RouteMessage = Body<"RouteMessage">;
export type AreaIs = Body<"AreaIs">;
export type Comparison = Body<"Comparison">;

/** Longitude and latitude, as in GeoJSON. */
export type Corner = [longitude: number, latitude: number];

/** The description knows pairs only as lists. */
export type Area = Exclude<Body<"Area">, { type: "polygon" }> | { type: "polygon"; corners: Corner[] };

/** What a field is compared with is any JSON, which the description cannot say either. */
export type Condition =
  | Exclude<Body<"Condition">, { type: "area" | "field" }>
  | { type: "area"; is: AreaIs; area: Area }
  | { type: "field"; field: string; compares: Comparison; value?: unknown };

export type RouteTarget = Body<"RouteTarget">;
export type Format = Body<"Format">;
export type NewRoute = Omit<Body<"NewRoute">, "conditions"> & { conditions?: Condition[] };
export type Route = Omit<Body<"RouteView">, "conditions"> & { conditions: Condition[] };
export type Preview = Body<"Preview">;

export type EndpointKind = Body<"EndpointKind">;
export type EndpointRef = Body<"EndpointRef">;
type Whole<Config> = Config extends unknown ? Required<Config> : never;
/** An answer names what a request may leave out. */
export type EndpointConfig = Whole<Body<"EndpointConfig">>;
export type NewEndpoint = Omit<Body<"NewEndpoint">, "secrets"> & { secrets?: Partial<Body<"EndpointSecrets">> };
export type EndpointHealth = Body<"EndpointHealth">;
export type SigningKey = Body<"SigningKeyView">;
export type Endpoint = Omit<Body<"EndpointView">, "config"> & { config: EndpointConfig };
export type EndpointMade = Omit<Body<"EndpointMade">, "endpoint"> & { endpoint: Endpoint };

export type DeliveryState = Body<"DeliveryState">;
export type Delivery = Body<"DeliveryView">;
export type DeliveryDetail = Body<"DeliveryDetail">;

export type BudgetScope = Body<"BudgetScope">;
export type BudgetPeriod = Body<"BudgetPeriod">;
export type NewBudget = Body<"NewBudget">;
export type Budget = Body<"BudgetView">;

export type Audience = Body<"Audience">;
export type Weekday = Body<"Weekday">;
export type NewSchedule = Body<"NewSchedule">;
export type Schedule = Body<"ScheduleView">;
