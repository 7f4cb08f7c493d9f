/** The gateway's registrations at authorization servers, one for a tenant and an issuer. */
import { and, eq } from "drizzle-orm";
import { accountClients } from "../../schema/connected-accounts.ts";
import type { Queries } from "../shared/queries.ts";

export function findClient(db: Queries, tenantId: string, issuer: string) {
  const { sealed, expiresAt } = accountClients;
  return db
    .select({ sealed, expiresAt })
    .from(accountClients)
    .where(and(eq(accountClients.tenantId, tenantId), eq(accountClients.issuer, issuer)));
}

export function saveClient(
  db: Queries,
  client: Omit<typeof accountClients.$inferInsert, "id" | "createdAt">,
) {
  const { clientId, sealed, expiresAt } = client;
  return db
    .insert(accountClients)
    .values(client)
    .onConflictDoUpdate({
      target: [accountClients.tenantId, accountClients.issuer],
      set: { clientId, sealed, expiresAt },
    });
}

/** `clientId`: a registration that has taken its place in the meantime is kept. */
export function deleteClient(db: Queries, tenantId: string, issuer: string, clientId: string) {
  return db
    .delete(accountClients)
    .where(
      and(
        eq(accountClients.tenantId, tenantId),
        eq(accountClients.issuer, issuer),
        eq(accountClients.clientId, clientId),
      ),
    );
}
