/** For load balancers and the start script: /healthz shows that the Worker runs, /readyz that it can serve requests. */
import { sql } from "drizzle-orm";
import { Hono } from "hono";
import { unauthenticated } from "../../middleware/admission.ts";
import type { AppEnv } from "../../middleware/app-env.ts";

export const health = new Hono<AppEnv>()
  .get("/healthz", (c) => c.json({ status: "ok" as const }))
  .get("/readyz", unauthenticated("general"), async (c) => {
    const started = Date.now();
    await c.get("services").database.asSystem().execute(sql`select 1`);
    return c.json({ status: "ok" as const, database: { ms: Date.now() - started } });
  });
