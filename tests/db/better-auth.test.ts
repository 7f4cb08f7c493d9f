/** better-auth owns the shape of its tables: its own description of them is held against ours, then it is used. */
import { oauthProvider } from "@better-auth/oauth-provider";
import { betterAuth } from "better-auth";
import { drizzleAdapter } from "better-auth/adapters/drizzle";
import { getAuthTables } from "better-auth/db";
import { admin, jwt, organization, twoFactor, username } from "better-auth/plugins";
import { eq, getTableColumns, is } from "drizzle-orm";
import { PgTable } from "drizzle-orm/pg-core";
import { describe, expect, it } from "vitest";
import * as schema from "../../src/db/schema/index.ts";
import { database } from "../support/database.ts";

const plugins = [
  username(),
  admin(),
  twoFactor(),
  jwt(),
  organization({
    creatorRole: "admin",
    schema: {
      organization: { modelName: "tenants" },
      member: { modelName: "tenantMembers", fields: { organizationId: "tenantId" } },
      invitation: {
        modelName: "tenantInvitations",
        fields: { organizationId: "tenantId" },
        additionalFields: { tokenHash: { type: "string", required: true } },
      },
      session: { fields: { activeOrganizationId: "activeTenantId" } },
    },
  }),
];

const tables = new Map(
  Object.entries(schema).flatMap(([name, value]) => (is(value, PgTable) ? [[name, value] as const] : [])),
);

describe("the schema has every field that better-auth uses", () => {
  // Only its tables: the plugin's own type does not hold under exactOptionalPropertyTypes.
  const { id, schema: oauthTables } = oauthProvider({ loginPage: "/sign-in", consentPage: "/consent" });
  const wanted = getAuthTables({ plugins: [...plugins, { id, schema: oauthTables }] });
  it.each(Object.entries(wanted))("%s", (_key, model) => {
    const table = tables.get(model.modelName);
    const columns = new Map(table === undefined ? [] : Object.entries(getTableColumns(table)));
    for (const [field, attribute] of Object.entries(model.fields)) {
      const column = columns.get(attribute.fieldName ?? field);
      expect(column, `${model.modelName}.${attribute.fieldName ?? field}`).toBeDefined();
      // What better-auth may leave out must not be demanded by the database.
      if (attribute.required === false && attribute.defaultValue === undefined) {
        expect(column?.notNull && !column.hasDefault, `${model.modelName}.${field} demanded`).toBe(false);
      }
    }
  });
});

describe("better-auth through its Drizzle adapter", () => {
  const auth = betterAuth({
    baseURL: "http://gateway.test",
    secret: "only-for-tests-only-for-tests-only-for-tests",
    database: drizzleAdapter(database.asSystem(), { provider: "pg", schema }),
    emailAndPassword: { enabled: true },
    advanced: { database: { generateId: "uuid" } },
    plugins,
  });

  it("signs a person up and in, and finds the session again", async () => {
    const email = `person-${crypto.randomUUID()}@example.com`;
    const body = { email, password: "correct horse battery", name: "A Person" };
    const { user } = await auth.api.signUpEmail({ body });
    const signedIn = await auth.api.signInEmail({ body, returnHeaders: true });
    const cookie = signedIn.headers
      .getSetCookie()
      .map((line) => line.split(";")[0])
      .join("; ");
    const found = await auth.api.getSession({ headers: new Headers({ cookie }) });
    expect(found?.user).toMatchObject({ id: user.id, email, role: "user", banned: false });
    const [row] = await database
      .asSystem()
      .select()
      .from(schema.session)
      .where(eq(schema.session.userId, user.id));
    expect(row).toMatchObject({ isActive: true, userId: user.id });
  });

  it("makes a tenant with its first member in the tenancy tables", async () => {
    const { headers, user } = await signedUp();
    const slug = `acme-${crypto.randomUUID().slice(0, 8)}`;
    const tenant = await auth.api.createOrganization({
      body: { name: "Acme", slug, userId: user.id },
      headers,
    });
    const members = await database
      .asSystem()
      .select()
      .from(schema.tenantMembers)
      .where(eq(schema.tenantMembers.tenantId, tenant?.id ?? ""));
    expect(members).toMatchObject([{ userId: user.id }]);
  });

  async function signedUp() {
    const body = {
      email: `person-${crypto.randomUUID()}@example.com`,
      password: "correct horse battery",
      name: "P",
    };
    const { headers, response } = await auth.api.signUpEmail({ body, returnHeaders: true });
    const cookie = headers
      .getSetCookie()
      .map((line) => line.split(";")[0])
      .join("; ");
    return { headers: new Headers({ cookie }), user: response.user };
  }
});
