/** Every route × every role × every scope, from the routes themselves: one without a rule does not get by. */
import { beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { PERMISSIONS } from "../../src/core/access/permissions.ts";
import { evaluatePermission } from "../../src/core/access/rbac.ts";
import { API_KEY_SCOPES, type ApiKeyScope, ROLES, type Role } from "../../src/core/enums.ts";
import { uuidv7 } from "../../src/core/ids.ts";
import { isOpen } from "./open-routes.ts";
import { restRoutes, routeTable } from "./route-table.ts";
import { addTenant, call } from "./support.ts";

describe("every route", () => {
  it("is guarded by exactly one action, or is public by name", () => {
    const open = routeTable().filter(({ path, actions }) => actions.length !== 1 && !isOpen(path));
    expect(open.map(({ method, path }) => `${method} ${path}`)).toEqual([]);
  });

  it("of the REST interface is guarded, public or not", () => {
    expect(restRoutes().filter(({ actions }) => actions.length !== 1)).toEqual([]);
    expect(restRoutes().length).toBeGreaterThanOrEqual(20);
  });

  it("is described by schemas that OpenAPI 3.1 can carry", () => {
    for (const { inputs } of restRoutes()) {
      for (const { schema } of inputs) {
        expect(z.toJSONSchema(schema, { io: "input" })).toHaveProperty(
          "$schema",
          "https://json-schema.org/draft/2020-12/schema",
        );
      }
    }
  });
});

describe("the permissions of roles", () => {
  const concrete = (path: string) => path.replace("/api/v1", "").replace(/:\w+/g, () => uuidv7());
  const scopeSets: readonly (readonly ApiKeyScope[])[] = [
    ...API_KEY_SCOPES.map((scope) => [scope]),
    API_KEY_SCOPES,
  ];
  const keys = new Map<string, string>();
  const name = (role: Role, scopes: readonly ApiKeyScope[]) => `${role} ${scopes.join()}`;

  beforeAll(async () => {
    const tenant = await addTenant("matrix");
    await tenant.liftLimits();
    for (const role of ROLES) {
      const userId = await tenant.addUser(role);
      for (const scopes of scopeSets) {
        keys.set(name(role, scopes), (await tenant.addKey({ userId, scopes })).text);
      }
    }
  });

  it.each(restRoutes())("$method $path", async ({ method, path, actions: [action] }) => {
    if (action === undefined) throw new Error("not guarded");
    const json = method === "GET" || method === "DELETE" ? undefined : { nonsense: true };
    expect((await call(method, concrete(path), { json })).status).toBe(401);
    for (const role of ROLES) {
      for (const scopes of scopeSets) {
        const expected = evaluatePermission({ role, scopes }, action);
        const answer = await call(method, concrete(path), { json, key: keys.get(name(role, scopes)) });
        const reported = `${role} with ${scopes}`;
        if (expected.allowed) expect([200, 204, 400, 404, 409], reported).toContain(answer.status);
        else {
          expect(answer.status, reported).toBe(403);
          expect(answer.body, reported).toMatchObject({
            code: "forbidden",
            missing: expected.missing === "operator" ? {} : expected.missing,
          });
        }
      }
    }
  });

  it("names a scope that is missing as OAuth clients read it", async () => {
    const answer = await call("POST", "/keys", { key: keys.get("admin read"), json: {} });
    expect(answer.headers.get("www-authenticate")).toBe('Bearer error="insufficient_scope", scope="write"');
  });

  it("shows callers without a credential how to authenticate", async () => {
    const answer = await call("GET", "/me");
    expect(answer.headers.get("www-authenticate")).toBe("Bearer");
    expect(answer.body.code).toBe("unauthorized");
    expect((await call("GET", "/me", { key: "nonsense" })).status).toBe(401);
  });
});

describe("the table of actions", () => {
  it("has no unused permission, except those of other interfaces", () => {
    const guarded = new Set<string>(routeTable().flatMap(({ actions }) => actions));
    const unused = Object.keys(PERMISSIONS).filter(
      (action) =>
        ![...guarded].includes(action as never) &&
        !/^(?:mcp\.|tenants?\.|members\.|invitations\.)/.test(action),
    );
    expect(unused).toEqual([]);
  });
});
