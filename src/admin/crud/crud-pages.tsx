/** From one declaration the pages of a REST collection: list, file, new, change, delete with a way back. */
import { Hono } from "hono";
import { z } from "zod";
import type { Permission } from "../../core/access/permissions.ts";
import { capitalize } from "../../core/capitalize.ts";
import { LinkButton } from "../forms/controls.tsx";
import { readFields, readTyped, type Typed, toTyped } from "../forms/fields.ts";
import { loadOptions } from "../forms/form.tsx";
import type { ApiError } from "../http/api-client.ts";
import { setFlash } from "../http/flash.ts";
import type { AdminContext, AdminEnv } from "../http/page-env.ts";
import { requirePagePermission } from "../http/require-permission.ts";
import { listRoutes, may } from "../lists/routes.tsx";
import type { ListSpec } from "../lists/spec.ts";
import { ConfirmPage, isConfirmed } from "../ui/confirm.tsx";
import { buildFrame } from "../ui/frame.ts";
import { type FormOutcome, NewPage, OnePage, type PageLocation } from "./pages.tsx";
import type { CrudSpec, Identified, Verb } from "./spec.ts";

const same = (row: Record<string, unknown>) => row;
const anyRow = z.record(z.string(), z.unknown());

export function crudPages<Row extends Identified>(spec: CrudSpec<Row>): Hono<AdminEnv> {
  const { name, path, title, noun, fields, nameOf, destroys } = spec;
  const api = `/${name}`;
  const action = (verb: Verb): Permission =>
    spec.actions === undefined ? `${spec.name}.${verb}` : spec.actions[verb];
  const { toForm = same, fromForm = same } = spec;
  const { shape } = spec.list;

  const list: ListSpec<Row> = {
    ...spec.list,
    path,
    api,
    label: title,
    rowPath: ({ id }) => `${path}/${id}`,
    idOf: ({ id }) => id,
    empty: {
      title: `No ${noun} yet`,
      says: spec.empty,
      action: <LinkButton to={`${path}/new`}>Create {noun}</LinkButton>,
    },
  };

  const newFields = fields.filter(({ later }) => later !== true);
  const placeOf = async (c: AdminContext, asked = fields): Promise<PageLocation> => ({
    ...{ frame: buildFrame(c), title, path, noun, fields: asked, preview: spec.preview },
    options: await loadOptions(asked, c.get("rest")),
  });

  const find = async (c: AdminContext, id: string) => {
    const rest = c.get("rest");
    const { value, etag } = await rest.read(`${api}/${encodeURIComponent(id)}`, anyRow);
    const row = shape.parse(value);
    const entered = await toForm(value, rest);
    const body = await fromForm(bodyOf(newFields, entered), rest);
    return { row, etag, typed: toTyped(fields, entered), body };
  };

  const showOne = async (c: AdminContext, id: string, sent?: { outcome: FormOutcome; theirs: boolean }) => {
    const [place, { row, etag, typed }] = await Promise.all([placeOf(c), find(c, id)]);
    const isOwn = spec.isForeign?.(row) !== true;
    return (
      <OnePage
        place={place}
        id={id}
        name={nameOf(row)}
        etag={sent === undefined || sent.theirs ? etag : c.get("form").etag}
        outcome={sent?.outcome ?? { typed }}
        mayChange={isOwn && may(c, action("update"))}
        mayDelete={isOwn && may(c, action("delete"))}
        about={spec.about?.(row)}
        below={await spec.below?.(c, row)}
        isFinal={destroys !== undefined}
        does={spec.does?.filter((each) => may(c, each.action)) ?? []}
        {...(sent?.theirs === true && { theirs: typed })}
      />
    );
  };

  const confirmPage = async (c: AdminContext, problem?: string) => {
    const id = c.req.param("id") ?? "";
    const { row } = await find(c, id);
    return (
      <ConfirmPage
        frame={buildFrame(c)}
        title={`Delete ${nameOf(row)}?`}
        says={destroys ?? `The ${noun} is deleted.`}
        name={nameOf(row)}
        action={`${path}/${id}/delete`}
        submit="Delete"
        cancel={`${path}/${id}`}
        problem={problem}
      />
    );
  };

  const routes = new Hono<AdminEnv>()
    .route(
      "/",
      listRoutes<Row>({
        title,
        intro: spec.intro,
        action: action("list"),
        list,
        actions: (c) => (
          <>
            {spec.beside?.(c)}
            {may(c, action("create")) && <LinkButton to={`${path}/new`}>Create {noun}</LinkButton>}
          </>
        ),
      }),
    )
    .get(`${path}/new`, requirePagePermission(action("create")), async (c) =>
      c.html(<NewPage place={await placeOf(c, newFields)} once={crypto.randomUUID()} />),
    )
    .post(`${path}/new`, requirePagePermission(action("create")), async (c) => {
      const typed = readTyped(newFields, c.get("posted"));
      const { body, faults } = readFields(newFields, typed);
      const once = c.get("form").once ?? "";
      const again = async (outcome: FormOutcome) =>
        c.html(<NewPage place={await placeOf(c, newFields)} outcome={outcome} once={once} />, 422);
      if (faults.length > 0) return again({ typed, faults });
      const rest = c.get("rest");
      const sent = await rest.send("POST", api, { json: await fromForm(body, rest), once });
      if (!sent.ok) return again(toFormOutcome(sent.refusal, typed));
      await setFlash(c, { says: `${capitalize(noun)} created.` });
      return c.redirect(path, 303);
    })
    .get(`${path}/:id`, requirePagePermission(action("read")), async (c) =>
      c.html(await showOne(c, c.req.param("id"))),
    )
    .post(`${path}/:id`, requirePagePermission(action("update")), async (c) => {
      const id = c.req.param("id");
      const changeable = fields.filter(({ fixed }) => fixed !== true);
      const typed = readTyped(changeable, c.get("posted"));
      const { body, faults } = readFields(changeable, typed);
      if (faults.length > 0) {
        return c.html(await showOne(c, id, { outcome: { typed, faults }, theirs: false }), 422);
      }
      const rest = c.get("rest");
      const sent = await rest.send("PATCH", `${api}/${encodeURIComponent(id)}`, {
        ...{ json: await fromForm(body, rest), ifMatch: c.get("form").etag },
      });
      if (sent.ok) {
        await setFlash(c, { says: "Changes saved." });
        return c.redirect(`${path}/${id}`, 303);
      }
      const theirs = sent.refusal.code === "precondition_failed";
      const outcome = theirs ? { typed } : toFormOutcome(sent.refusal, typed);
      return c.html(await showOne(c, id, { outcome, theirs }), theirs ? 412 : 422);
    })
    .get(`${path}/:id/delete`, requirePagePermission(action("delete")), async (c) =>
      c.html(await confirmPage(c)),
    )
    .post(`${path}/:id/delete`, requirePagePermission(action("delete")), async (c) => {
      const id = c.req.param("id");
      const { row, body } = await find(c, id);
      if (destroys !== undefined && !isConfirmed(c.get("form"), nameOf(row))) {
        return c.html(await confirmPage(c, "The name does not match. Nothing was deleted."), 422);
      }
      const sent = await c.get("rest").send("DELETE", `${api}/${encodeURIComponent(id)}`);
      if (!sent.ok) throw sent.refusal;
      const says = `${nameOf(row)} deleted.`;
      await setFlash(c, destroys === undefined ? { says, undo: { api, back: path, body } } : { says });
      return c.redirect(path, 303);
    });

  return routes;
}

/** What would make a row like this one. */
function bodyOf(fields: Parameters<typeof readFields>[0], row: Record<string, unknown>) {
  return readFields(fields, toTyped(fields, row)).body;
}

/** Throws what is not the form's to answer. */
export function toFormOutcome(refusal: ApiError, typed: Typed): FormOutcome {
  if (refusal.status === 403 || refusal.status === 401) throw refusal;
  if (refusal.errors.length > 0) return { typed, faults: refusal.errors };
  return { typed, message: refusal.message };
}
