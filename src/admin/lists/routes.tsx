/** The three routes of a list: the page, its file, and what is done to the marked rows. */
import { type Context, Hono } from "hono";
import type { Child } from "hono/jsx";
import type { Permission } from "../../core/access/permissions.ts";
import { evaluatePermission } from "../../core/access/rbac.ts";
import { NotFoundError } from "../../core/errors.ts";
import { setFlash } from "../http/flash.ts";
import type { AdminEnv } from "../http/page-env.ts";
import { requirePagePermission } from "../http/require-permission.ts";
import { buildFrame } from "../ui/frame.ts";
import { Page } from "../ui/layout.tsx";
import { exportCsv } from "./csv.ts";
import { List, loadList } from "./list.tsx";
import type { ListSpec } from "./spec.ts";
import { parseListState } from "./state.ts";

export interface ListPage<Row> {
  readonly title: string;
  readonly intro?: Child;
  /** What it takes to see it. */
  readonly action: Permission;
  readonly list: ListSpec<Row>;
  /** Content beside the title; it checks permissions by itself. */
  readonly actions?: (c: Context<AdminEnv>) => Child;
  /** Above the list. */
  readonly above?: (c: Context<AdminEnv>) => Child | Promise<Child>;
}

export const may = (c: Context<AdminEnv>, action: Permission): boolean =>
  evaluatePermission(c.get("principal"), action).allowed;

export function listRoutes<Row extends object>(page: ListPage<Row>): Hono<AdminEnv> {
  const { list: spec, title, intro } = page;
  const bulk = spec.bulk ?? [];
  const state = (c: Context<AdminEnv>) =>
    parseListState(spec, (name) => c.req.query(name), c.get("timeZone"));
  const routes = new Hono<AdminEnv>()
    .get(spec.path, requirePagePermission(page.action), async (c) => {
      const [list, above] = await Promise.all([loadList(c.get("rest"), spec, state(c)), page.above?.(c)]);
      return c.html(
        <Page title={title} intro={intro} frame={buildFrame(c)} actions={page.actions?.(c)}>
          {above}
          <List
            list={list}
            formToken={c.get("formToken")}
            bulk={bulk.filter(({ action }) => may(c, action))}
          />
        </Page>,
      );
    })
    .get(`${spec.path}.csv`, requirePagePermission(page.action), (c) =>
      exportCsv(c.get("rest"), spec, state(c)),
    );
  if (bulk.length === 0) return routes;
  // The API checks the permission for each row; here the permission to see the list suffices.
  return routes.post(`${spec.path}/marked`, requirePagePermission(page.action), async (c) => {
    const chosen = bulk.find(({ name }) => name === c.get("form").do);
    if (chosen === undefined) throw new NotFoundError();
    const ids = c.get("posted").getAll("marked");
    let done = 0;
    // Sequentially: a hundred simultaneous changes would block other requests.
    for (const id of ids) if ((await chosen.run(c.get("rest"), id)).ok) done += 1;
    const missed = ids.length - done;
    const says = ids.length === 0 ? "Nothing selected." : chosen.done(done);
    await setFlash(c, { says: missed > 0 ? `${says} ${missed} failed.` : says });
    return c.redirect(spec.path, 303);
  });
}
