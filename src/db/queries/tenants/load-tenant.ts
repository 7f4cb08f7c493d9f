/** What the hot path needs of a tenant and of an API key: one function of the database each, one round trip. */
import { sql } from "drizzle-orm";
import type { StoredPrincipalGroup } from "../../../core/access/groups.ts";
import type { AccessRule } from "../../../core/access/rules.ts";
import type {
  ApiKeyScope,
  BalancingStrategy,
  HealthStatus,
  Role,
  TenantStatus,
  Transport,
} from "../../../core/enums.ts";
import type { Budget } from "../../../core/limits/budgets.ts";
import type { IpRule } from "../../../core/limits/ip-rules.ts";
import type { LimitConfig } from "../../../core/limits/resolve-limits.ts";
import type { MaintenanceWindow } from "../../../core/maintenance/windows.ts";
import { SETTING_KEYS } from "../../../core/settings/definitions.ts";
import type { StoredSetting } from "../../../core/settings/values.ts";
import type { ToolsetBinding } from "../../../core/toolsets/bindings.ts";
import type { Db } from "../../client.ts";
import type { SealedAuthConfig } from "../../schema/registry.ts";
import type { PlanLimits } from "../../schema/tenants.ts";

type Json = Readonly<Record<string, unknown>>;

/** As a row, with times as JSON has them. */
type Written<Row> = {
  readonly [Key in keyof Row]: Date extends Row[Key] ? string | Exclude<Row[Key], Date> : Row[Key];
};

export interface ServerRow {
  readonly id: string;
  readonly name: string;
  readonly title: string | null;
  readonly endpointUrl: string;
  readonly transport: Transport;
  readonly healthStatus: HealthStatus;
  readonly protocolVersion: string | null;
  readonly auth: SealedAuthConfig;
  readonly tags: readonly string[];
  readonly weight: number;
  readonly maxConcurrency: number;
  readonly region: string | null;
  readonly settings: Json;
  readonly queue: {
    readonly isEnabled: boolean;
    readonly maxSize: number;
    readonly maxWaitMs: number;
  } | null;
  /** JSON in JSON, which only a call of the server needs: a list of names. */
  readonly readOnlyTools: string | null;
  readonly withheldTools: string | null;
  /** Pairs of a name and a cost. */
  readonly declaredCosts: string | null;
  /** Pairs of a name and a hash; null where the tenant allows all changes. */
  readonly approved: string | null;
}

export interface ToolsetRow {
  readonly id: string;
  readonly slug: string;
  readonly title: string;
  readonly instructions: string | null;
  /** JSON in JSON, which only a request for the toolset needs. */
  readonly members: string;
  readonly overrides: string;
}

export interface TenantRows {
  readonly tenant: {
    readonly id: string;
    readonly slug: string;
    readonly name: string;
    readonly status: TenantStatus;
    readonly settings: Json;
    readonly timeZone: string;
    readonly weight: number;
    readonly planLimits: PlanLimits;
  };
  readonly servers: readonly ServerRow[];
  readonly rules: readonly Written<AccessRule>[];
  readonly windows: readonly Written<MaintenanceWindow>[];
  readonly limits: readonly LimitConfig[];
  readonly budgets: readonly Budget[];
  readonly ipRules: readonly Written<IpRule>[];
  readonly routing: readonly {
    readonly id: string;
    readonly name: string;
    readonly conditions: unknown;
    readonly targetServers: readonly string[];
    readonly loadBalancingStrategy: BalancingStrategy;
    readonly strategyOptions: unknown;
    readonly priority: number;
  }[];
  readonly values: readonly StoredSetting[];
  readonly flags: readonly {
    readonly key: string;
    readonly isEnabled: boolean;
    readonly rules: readonly unknown[];
    readonly percentage: number;
    readonly userIds: readonly string[];
  }[];
  readonly toolsets: readonly ToolsetRow[];
  readonly bindings: readonly ToolsetBinding[];
}

export interface KeyRows {
  readonly key: {
    readonly id: string;
    readonly tenantId: string;
    readonly userId: string | null;
    readonly salt: string;
    readonly keyHash: string;
    readonly scopes: readonly ApiKeyScope[];
    readonly connectServer: string | null;
    readonly rateLimitPerHour: number;
    readonly rateLimitPerDay: number;
    readonly ipAllowlist: readonly string[];
    readonly expiresAt: string | null;
    readonly isActive: boolean;
    readonly revokedAt: string | null;
  };
  readonly tenantStatus: TenantStatus;
  /** Null for a key without an owner, and for an owner who has left. */
  readonly role: Role | null;
  readonly groups: readonly StoredPrincipalGroup[] | null;
  readonly owner: {
    readonly isActive: boolean;
    readonly banned: boolean;
    readonly banExpires: string | null;
  } | null;
}

export interface LoadedKey {
  readonly found: KeyRows | null;
  /** Its tenant's rows, where the key can be used and the caller does not have them. */
  readonly loaded?: TenantRows;
}

/** In the tenant's role. */
export async function loadTenantRows(db: Db, tenantId: string): Promise<TenantRows | undefined> {
  const { rows } = await db.execute<{ loaded: TenantRows | null }>(
    sql`select gateway_load_tenant(${tenantId}, ${sql.param([...SETTING_KEYS])}) as loaded`,
  );
  return rows[0]?.loaded ?? undefined;
}

/** System role, when a key is first seen. `known`: tenants whose rows the caller has. */
export async function loadKeyRows(db: Db, keyId: string, known: readonly string[]): Promise<LoadedKey> {
  const { rows } = await db.execute<{ loaded: LoadedKey }>(
    sql`select gateway_load_key(${keyId}, ${sql.param([...known])}, ${sql.param([...SETTING_KEYS])}) as loaded`,
  );
  return rows[0]?.loaded ?? { found: null };
}
