/** The whole schema, as drizzle-kit and the clients read it. */
export * from "./access.ts";
export * from "./alerts.ts";
export * from "./entries.ts";
export * from "./enums.ts";
export * from "./idempotency.ts";
export * from "./identity.ts";
export * from "./logs.ts";
export * from "./oauth.ts";
export * from "./operations.ts";
export * from "./pins.ts";
export * from "./registry.ts";
export * from "./rollups.ts";
export * from "./search.ts";
export * from "./sign-in.ts";
export * from "./tenancy.ts";
export * from "./tenants.ts";
export * from "./traffic.ts";
