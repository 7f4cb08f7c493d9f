/** An operator need not be a member of an organization: the pages are available without one. */
import { createExecutionContext, env } from "cloudflare:test";
import { expect, it } from "vitest";
import { createApp } from "../../src/app.ts";
import { addTenant } from "../api/support.ts";
import { owner } from "../support/database.ts";

it.each(["/admin", "/admin/servers", "/admin/tools", "/admin/connect", "/admin/palette?q=a", "/account"])(
  "shows %s to an operator without a selected organization",
  async (path) => {
    const tenant = await addTenant("left");
    const headers = await tenant.addOperator();
    await owner.query("update session set tenant_id = null where tenant_id = $1", [tenant.id]);
    const request = new Request(`${env.PUBLIC_URL}${path}`, { headers });
    const answer = await createApp().fetch(request, env, createExecutionContext());
    expect([path, answer.status, (await answer.text()).slice(0, 15)]).toEqual([path, 200, "<!doctype html>"]);
  },
);
