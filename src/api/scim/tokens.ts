/** The tokens by which identity providers provision a tenant over SCIM. A token is shown once, when it is created. */
import { Hono } from "hono";
import { z } from "zod";
import { newToken, sha256Hex } from "../../core/digest.ts";
import { ForbiddenError } from "../../core/errors.ts";
import { uuidv7 } from "../../core/ids.ts";
import { insertScimToken } from "../../db/queries/identity/scim.ts";
import { deleteRow } from "../../db/queries/shared/crud.ts";
import { scimTokens as table } from "../../db/schema/scim.ts";
import type { AppEnv } from "../../middleware/app-env.ts";
import { requirePermission } from "../../middleware/require-permission.ts";
import { commitWithAudit } from "../../policy/commit-with-audit.ts";
import { requireRecentSignIn } from "../../policy/recent-sign-in.ts";
import { idParam } from "../http/id-param.ts";
import { responds, respondsEmpty } from "../http/responses.ts";
import { body, params } from "../http/validate.ts";
import { defineReadOnlyResource } from "../resource/define.ts";
import { reading, requireRow } from "../resource/reading.ts";
import { tenantScope } from "../resource/scope.ts";
import { title } from "../resources/members.ts";
import { SCIM_TOKEN_PREFIX } from "./authenticate.ts";

const shown = defineReadOnlyResource({
  noun: "SCIM token",
  table,
  hidden: ["tokenHash"],
  sorts: ["name", "lastUsedAt", "createdAt", "updatedAt"],
  usual: "name",
  searched: ["name"],
});
const createdShape = shown.shape.extend({ token: z.string().describe("Shown only here.") });
const newScimToken = z.strictObject({ name: title }).meta({ examples: [{ name: "Okta" }] });
const resource = (id: string) => ({ type: "scim_token", id });

export const scimTokens = new Hono<AppEnv>()
  .route("/", reading(shown, { list: "scim-tokens.list", read: "scim-tokens.list" }))
  .post(
    "/",
    requirePermission("scim-tokens.create"),
    body(newScimToken),
    responds(createdShape, "The created token.", 201),
    async (c) => {
      const { db, principal } = c.var;
      if (principal.impersonatorId !== undefined) {
        throw new ForbiddenError("SCIM tokens cannot be created while impersonating.");
      }
      if (principal.via === "session") requireRecentSignIn(principal, "Creating a SCIM token");
      const { name } = c.req.valid("json");
      const token = `${SCIM_TOKEN_PREFIX}${newToken()}`;
      const values = {
        ...{ id: uuidv7(), tenantId: principal.tenantId, name },
        ...{ tokenHash: await sha256Hex(token), createdBy: principal.userId },
      };
      const what = { action: "scim-tokens.create", resource: resource(values.id), after: { name } };
      const [[made]] = await commitWithAudit(c, what, (audit) =>
        db.batch([insertScimToken(db, values), audit]),
      );
      if (made === undefined) throw new TypeError("A token that was just written is not there.");
      c.header("location", `${c.req.path}/${made.id}`);
      return c.json({ ...made, token }, 201);
    },
  )
  .delete(
    "/:id",
    requirePermission("scim-tokens.delete"),
    params(idParam),
    respondsEmpty("Token deleted."),
    async (c) => {
      const { db, principal } = c.var;
      const { id } = c.req.valid("param");
      const row = await requireRow(c, shown, tenantScope, id);
      const what = { action: "scim-tokens.delete", resource: resource(id), before: { name: row.name } };
      await commitWithAudit<unknown>(c, what, (audit) =>
        db.batch([deleteRow(db, table, principal.tenantId, id), audit]),
      );
      return c.body(null, 204);
    },
  );
