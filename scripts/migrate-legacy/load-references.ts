// Fills the references with what the gateway's database has already, and with the frontend's users.
import { readFileSync } from "node:fs";
import type pg from "pg";
import { z } from "zod";
import { errorMessage, Problem } from "../lib/problem.ts";
import { readLines } from "./archive.ts";
import { References } from "./references.ts";
import { RowReader, rawRow } from "./row-reader.ts";

const mapSchema = z.record(z.string(), z.string().min(1));

/** A JSON object: the ID or name of an old tenant, or `*` for rows without one, and the slug or ID of a tenant here. */
export function readTenantMap(file: string): ReadonlyMap<string, string> {
  try {
    return new Map(Object.entries(mapSchema.parse(JSON.parse(readFileSync(file, "utf8")))));
  } catch (error) {
    throw new Problem(
      `--tenant-map ${file} is not a JSON object of old tenants and slugs (${errorMessage(error)}): write {"Old name": "slug"}.`,
    );
  }
}

export async function loadReferences(
  client: pg.Client,
  map: ReadonlyMap<string, string>,
): Promise<References> {
  const tenants = await client.query<{ id: string; slug: string }>("select id::text, slug from tenants");
  const references = new References(resolveMap(map, tenants.rows));
  for (const { id, slug } of tenants.rows) references.learn({ kind: "tenant", oldId: id, id, slug });
  const users = await client.query<{ id: string; email: string; username: string | null }>(
    'select id, email, username from "user"',
  );
  for (const { id, email, username } of users.rows)
    references.learn({ kind: "user", oldId: id, id, email, username });
  const members = await client.query<{ tenantId: string; userId: string }>(
    'select tenant_id::text as "tenantId", user_id as "userId" from tenant_members',
  );
  for (const member of members.rows) references.learn({ kind: "member", ...member });
  for (const [kind, table] of [
    ["server", "mcp_servers"],
    ["rule", "routing_rules"],
  ] as const) {
    const { rows } = await client.query<{ id: string; tenantId: string; name: string }>(
      `select id::text, tenant_id::text as "tenantId", name from ${table}`,
    );
    for (const row of rows) references.learn({ kind, ...row });
  }
  return references;
}

function resolveMap(map: ReadonlyMap<string, string>, tenants: readonly { id: string; slug: string }[]) {
  return new Map(
    [...map].map(([old, wanted]) => {
      const found = tenants.find(({ id, slug }) => slug === wanted || id === wanted);
      if (found === undefined)
        throw new Problem(`--tenant-map: tenant ${wanted} does not exist: create it, or correct the map.`);
      return [old, found.id] as const;
    }),
  );
}

/** The profiles that complete the backend's users. They fit into memory, unlike logs. */
export async function loadFrontendUsers(
  dir: string,
  references: References,
  exportedAt: Date,
): Promise<void> {
  for await (const lines of readLines(dir, "user")) {
    for (const line of lines) {
      const row = new RowReader(rawRow.parse(JSON.parse(line)), exportedAt);
      const email = row.text("email", 320)?.trim().toLowerCase();
      const id = row.text("id", 255);
      if (email === undefined || id === null || references.frontendUsers.has(email)) continue;
      references.frontendUsers.set(email, {
        id,
        name: row.text("name", 255) ?? email,
        emailVerified: row.flag("email_verified", false),
        image: row.text("image", 2000),
        role: row.text("role", 50) ?? "user",
        isActive: row.flag("is_active", true),
        banned: row.flag("banned", false),
        banReason: row.text("ban_reason", 500),
        banExpires: row.time("ban_expires"),
      });
    }
  }
}
