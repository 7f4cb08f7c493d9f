/** The five routes of a kind: list, make, read, change, remove. */
import { Hono } from "hono";
import type { AppEnv } from "../../middleware/app-env.ts";
import { requirePermission } from "../../middleware/require-permission.ts";
import { requireIfMatch, setEtag } from "../http/etag.ts";
import { idParam } from "../http/id-param.ts";
import { idempotent } from "../http/idempotency.ts";
import { responds, respondsEmpty } from "../http/responses.ts";
import { pickFields } from "../http/sorted-lists.ts";
import { body, params } from "../http/validate.ts";
import type { Resource } from "./define.ts";
import { reading } from "./reading.ts";
import { type ResourceScope, tenantScope, type Verb } from "./scope.ts";
import { createResource, deleteResource, updateResource } from "./write.ts";

export function collection(kind: Resource, reach: ResourceScope = tenantScope) {
  const { noun, shape } = kind;
  const actionOf = (verb: Verb) => reach.action(kind.name, verb);
  const members = Object.keys(shape.shape);
  return new Hono<AppEnv>()
    .route("/", reading(kind, { list: actionOf("list"), read: actionOf("read") }, reach))
    .post(
      "/",
      requirePermission(actionOf("create")),
      idempotent,
      body(kind.create),
      responds(shape, `The created ${noun}.`, 201),
      async (c) => {
        const row = await createResource(c, kind, reach, c.req.valid("json"));
        await setEtag(c, row, kind.changeable);
        c.header("location", `${c.req.path}/${row.id}`);
        return c.json(pickFields(kind.present(row), members), 201);
      },
    )
    .patch(
      "/:id",
      requirePermission(actionOf("update")),
      params(idParam),
      requireIfMatch,
      body(kind.change),
      responds(shape, `The updated ${noun}.`),
      async (c) => {
        const row = await updateResource(c, kind, reach, c.req.valid("param").id, c.req.valid("json"));
        await setEtag(c, row, kind.changeable);
        return c.json(pickFields(kind.present(row), members));
      },
    )
    .delete(
      "/:id",
      requirePermission(actionOf("delete")),
      params(idParam),
      respondsEmpty("Deleted."),
      async (c) => {
        await deleteResource(c, kind, reach, c.req.valid("param").id);
        return c.body(null, 204);
      },
    );
}
