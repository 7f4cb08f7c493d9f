/** The tenant's whole configuration as one file: read, held against another, and changed to it in one go. */
import { Hono } from "hono";
import { stringify } from "yaml";
import { z } from "zod";
import { GatewayError } from "../../core/errors.ts";
import type { AppEnv } from "../../middleware/app-env.ts";
import { requirePermission } from "../../middleware/require-permission.ts";
import { responds, respondsOr } from "../http/responses.ts";
import { body, query } from "../http/validate.ts";
import { applyPlan } from "./apply.ts";
import { appliedShape, confirmed, documentShape, planned, planShape } from "./document.ts";
import { buildPlan } from "./plan.ts";
import { exportConfiguration } from "./state.ts";

const asked = z.object({ format: z.enum(["json", "yaml"]).default("json") });

/** The plan that changes nothing: SHA-256 of `[]`. */
const NOTHING = "4f53cda18c2baa0c0354bb5f9a3ecbe5ed12ab4d8e11ba873c2f11161202b945";

export const configuration = new Hono<AppEnv>()
  .get(
    "/",
    requirePermission("configuration.export"),
    query(asked),
    respondsOr(
      "application/yaml",
      documentShape,
      "The whole configuration, with secrets replaced by variable names.",
    ),
    async (c) => {
      const document = await exportConfiguration(c);
      if (c.req.valid("query").format === "json") return c.json(document);
      return c.body(stringify(document, { lineWidth: 110 }), 200, {
        "content-type": "application/yaml; charset=utf-8",
      });
    },
  )
  .post(
    "/plan",
    requirePermission("configuration.plan"),
    body(planned),
    responds(planShape, "The changes, and the hash that confirms them."),
    async (c) => {
      const { document, secrets } = c.req.valid("json");
      const { hash, changes } = await buildPlan(c, document, secrets);
      return c.json({ hash, changes });
    },
  )
  .post(
    "/apply",
    requirePermission("configuration.apply"),
    body(confirmed.meta({ examples: [{ document: { version: 1 }, hash: NOTHING }] })),
    responds(appliedShape, "Number of applied changes. Either the whole plan is applied or nothing."),
    async (c) => {
      const { document, secrets, hash } = c.req.valid("json");
      const plan = await buildPlan(c, document, secrets);
      if (plan.hash !== hash) {
        throw new GatewayError("conflict", "The plan is outdated. Create a new plan.");
      }
      return c.json({ hash, applied: await applyPlan(c, plan) });
    },
  );
