/** The role and the scope of each permission, specified a second time in another form, to detect an error in the table. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { PERMISSIONS, type Permission, ROLE_SCOPES } from "../../../src/core/access/permissions.ts";
import { evaluatePermission } from "../../../src/core/access/rbac.ts";
import { API_KEY_SCOPES, type ApiKeyScope, ROLES, type Role } from "../../../src/core/enums.ts";

const actions = Object.keys(PERMISSIONS).filter((name): name is Permission => name in PERMISSIONS);
const isOperators = (action: Permission) => /^(?:tenants|system)\./.test(action);

/** Permissions of every role, restricted to visible rows. */
const OFFERED = ["servers", "tools", "resources", "prompts"];

/** Actions by what suffices for them: the roles that may, and the scopes of which one is enough. */
function expected(action: Permission): { roles: readonly Role[]; scopes: readonly ApiKeyScope[] } {
  const [room = "", verb = ""] = action.split(".");
  if (room === "metrics") return { roles: ROLES, scopes: ["metrics", "admin"] };
  if (room === "registry-entries" && ["list", "read"].includes(verb)) {
    return { roles: ROLES, scopes: ["read", "write", "admin"] };
  }
  if (action === "registry-entries.publish") return { roles: ["user", "admin"], scopes: ["write", "admin"] };
  if (OFFERED.includes(room) && ["list", "read"].includes(verb)) {
    return { roles: ROLES, scopes: ["read", "write", "admin"] };
  }
  if (action === "servers.metrics") return { roles: ROLES, scopes: ["metrics", "admin"] };
  if (action === "servers.health") return { roles: ROLES, scopes: ["health", "admin"] };
  if (action === "announcements.seen") return { roles: ROLES, scopes: ["read", "write", "admin"] };
  if (action === "announcements.acknowledge") return { roles: ROLES, scopes: ["write", "admin"] };
  if (action === "connectors.connect") return { roles: ["service", "user", "admin"], scopes: ["connect"] };
  if (room === "mcp") return { roles: ROLES, scopes: ["proxy"] };
  const reads =
    ["list", "read", "explain", "export", "verify", "preview"].includes(verb) || action === "users.sessions";
  const own = ["me", "sessions", "keys", "legacy-keys", "connected-accounts"].includes(room);
  const scopes: ApiKeyScope[] = reads ? ["read", "write", "admin"] : own ? ["write", "admin"] : ["admin"];
  if (["me", "sessions", "connected-accounts"].includes(room) || action === "tenant.read")
    return { roles: ROLES, scopes };
  if (room === "keys" && !["create", "update"].includes(verb))
    return { roles: ["service", "user", "admin"], scopes };
  if (own || action === "members.list") return { roles: ["user", "admin"], scopes };
  return { roles: ["admin"], scopes };
}

describe.each(actions.filter((action) => !isOperators(action)))("%s", (action) => {
  const { roles, scopes } = expected(action);
  it.each(ROLES.flatMap((role) => API_KEY_SCOPES.map((scope) => [role, scope] as const)))(
    "as %s with %s",
    (role, scope) => {
      const decision = evaluatePermission({ role, scopes: [scope] }, action);
      expect(decision.allowed).toBe(roles.includes(role) && scopes.includes(scope));
    },
  );
});

describe("actions on the whole gateway", () => {
  it.each(actions.filter(isOperators))("%s is for operators, whatever they are in a tenant", (action) => {
    for (const role of ROLES) {
      expect(evaluatePermission({ role, scopes: API_KEY_SCOPES }, action)).toEqual({
        allowed: false,
        missing: "operator",
      });
      expect(evaluatePermission({ role, scopes: API_KEY_SCOPES, isOperator: true }, action).allowed).toBe(
        true,
      );
      expect(evaluatePermission({ role, scopes: ["proxy"], isOperator: true }, action).allowed).toBe(false);
    }
  });
});

describe("rights", () => {
  const scopeSet = fc.subarray([...API_KEY_SCOPES]);
  it("never shrink by a further scope", () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...ROLES),
        scopeSet,
        scopeSet,
        fc.constantFrom(...actions),
        (role, some, more, action) => {
          const before = evaluatePermission({ role, scopes: some }, action).allowed;
          if (before)
            expect(evaluatePermission({ role, scopes: [...some, ...more] }, action).allowed).toBe(true);
        },
      ),
    );
  });

  it("never include a permission of a missing scope", () => {
    for (const role of ROLES)
      for (const action of actions)
        expect(evaluatePermission({ role, scopes: [] }, action).allowed).toBe(false);
  });

  it("of a role's full scopes suffice for all that the role may", () => {
    for (const role of ROLES) {
      for (const action of actions.filter((name) => !isOperators(name))) {
        const full = evaluatePermission({ role, scopes: ROLE_SCOPES[role] }, action).allowed;
        expect(full).toBe(evaluatePermission({ role, scopes: API_KEY_SCOPES }, action).allowed);
      }
    }
  });
});
