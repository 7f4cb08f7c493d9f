/** An isolate that has no tenant's snapshot and keeps none, for verifiers of keys that are tested alone. */
import type { LoadedTenants } from "../../src/identity/api-keys.ts";

export const NO_TENANTS: LoadedTenants = { listCurrent: () => [], keep: async () => undefined };
