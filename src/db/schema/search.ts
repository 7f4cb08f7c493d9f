/**
 * The words by which servers are found: of the server and of all its tools in one document, beside the servers so that
 * health checks, which write a server every minute, leave the index of words alone. Triggers keep it (see the
 * migration), and tenants reach it through gateway_find_servers() only: under row-level security no index of words
 * can be used, because matching words is not leakproof.
 */
import { sql } from "drizzle-orm";
import { customType, index, pgTable, uuid } from "drizzle-orm/pg-core";
import { createdAt, systemOnly, updatedAt } from "./columns.ts";
import { ofServer } from "./registry.ts";
import { ownedBy } from "./tenants.ts";

const tsvector = customType<{ data: string }>({ dataType: () => "tsvector" });

export const serverWords = pgTable(
  "server_words",
  {
    serverId: uuid("server_id").primaryKey(),
    tenantId: ownedBy(),
    /** Holds the tenant as one word more, so that the index leaves out all others'. */
    words: tsvector("words").notNull().default(sql`''::tsvector`),
    createdAt: createdAt(),
    updatedAt: updatedAt(),
  },
  (table) => [
    ofServer("server_words_server", table),
    index("server_words_words").using("gin", table.words),
    ...systemOnly(),
  ],
);
