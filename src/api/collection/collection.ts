/** The five routes of a kind: list, make, read, change, remove. */
import { Hono } from "hono";
import type { AppEnv } from "../../middleware/app-env.ts";
import { requirePermission } from "../../policy/guard.ts";
import { gives, givesNothing } from "../answers.ts";
import { conditional, tagged } from "../etag.ts";
import { idParam } from "../key-schemas.ts";
import { only } from "../lists.ts";
import { once } from "../once.ts";
import { body, params } from "../validate.ts";
import type { Kind } from "./kind.ts";
import { ofTenant, type Reach, type Verb } from "./reach.ts";
import { reading } from "./reading.ts";
import { alter, make, remove } from "./write.ts";

export function collection(kind: Kind, reach: Reach = ofTenant) {
  const { noun, shape } = kind;
  const actionOf = (verb: Verb) => reach.action(kind.name, verb);
  const members = Object.keys(shape.shape);
  return new Hono<AppEnv>()
    .route("/", reading(kind, { list: actionOf("list"), read: actionOf("read") }, reach))
    .post(
      "/",
      requirePermission(actionOf("create")),
      once,
      body(kind.create),
      gives(shape, `The created ${noun}.`, 201),
      async (c) => {
        const row = await make(c, kind, reach, c.req.valid("json"));
        await tagged(c, row, kind.changeable);
        c.header("location", `${c.req.path}/${row.id}`);
        return c.json(only(kind.present(row), members), 201);
      },
    )
    .patch(
      "/:id",
      requirePermission(actionOf("update")),
      params(idParam),
      conditional,
      body(kind.change),
      gives(shape, `The updated ${noun}.`),
      async (c) => {
        const row = await alter(c, kind, reach, c.req.valid("param").id, c.req.valid("json"));
        await tagged(c, row, kind.changeable);
        return c.json(only(kind.present(row), members));
      },
    )
    .delete(
      "/:id",
      requirePermission(actionOf("delete")),
      params(idParam),
      givesNothing("Deleted."),
      async (c) => {
        await remove(c, kind, reach, c.req.valid("param").id);
        return c.body(null, 204);
      },
    );
}
