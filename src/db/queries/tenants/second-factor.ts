/** The setting of an organization that requires two-factor authentication of its members, as a column of a query. */
import { sql } from "drizzle-orm";
import { tenants } from "../../schema/tenants.ts";

export const secondFactorFrom = () => sql<string | null>`${tenants.settings} ->> 'secondFactorFrom'`;
