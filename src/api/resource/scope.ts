/** The scope of a collection's routes: the caller's tenant, or the whole system, which operators manage. */
import type { Context } from "hono";
import type { CrudResourceName } from "../../core/access/crud-permissions.ts";
import type { Permission } from "../../core/access/permissions.ts";
import type { Db } from "../../db/client.ts";
import type { RowOwner } from "../../db/queries/shared/crud.ts";
import type { AppEnv } from "../../middleware/app-env.ts";
import type { GuardedEnv } from "../../middleware/require-permission.ts";

export type ApiContext = Context<AppEnv & GuardedEnv>;
export type Verb = "list" | "read" | "create" | "update" | "delete";

export interface ResourceScope {
  /** What changes, changes for every tenant. */
  readonly isSystem: boolean;
  action(name: CrudResourceName, verb: Verb): Permission;
  owner(c: ApiContext): RowOwner;
  db(c: ApiContext): Db;
}

export const tenantScope: ResourceScope = {
  isSystem: false,
  action: (name, verb) => `${name}.${verb}` as const,
  owner: (c) => c.get("principal").tenantId,
  db: (c) => c.get("db"),
};

export const systemScope: ResourceScope = {
  isSystem: true,
  action: (_, verb) => (verb === "list" || verb === "read" ? "system.read" : "system.write"),
  owner: () => null,
  db: (c) => c.get("services").database.asSystem(),
};
