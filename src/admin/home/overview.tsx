/**
 * The overview page: status, and issues that need attention. It takes two round trips to the database, including the
 * sign-in session.
 */
import { type Context, Hono } from "hono";
import type { AdminEnv } from "../http/page-env.ts";
import { requirePagePermission } from "../http/require-permission.ts";
import { may } from "../lists/routes.tsx";
import { Live, Tabs } from "../ui/components.tsx";
import { buildFrame } from "../ui/frame.ts";
import { Page } from "../ui/layout.tsx";
import { live } from "../ui/live.ts";
import { loadMemberOverview, MemberOverview } from "./member-overview.tsx";
import { hideChecklist, isChecklistHidden } from "./onboarding.tsx";
import { loadOverview, parseRange, RANGES, type Range } from "./overview-data.ts";
import { Announcements, Situation } from "./overview-view.tsx";

const REFRESH_MS = 15_000;

const addressOf = (range: string) => (range === "hour" ? "/admin" : `/admin?range=${range}`);
const tabs = Object.entries(RANGES).map(([range, { label }]) => ({ label, path: addressOf(range) }));

const load = (c: Context<AdminEnv>, range: Range) =>
  loadOverview(c.get("services"), c.get("principal"), range, new Date());

const checklistOf = (c: Context<AdminEnv>) =>
  isChecklistHidden(c)
    ? undefined
    : { twoFactorEnabled: c.get("person").twoFactorEnabled, formToken: c.get("formToken") };

export const overview = new Hono<AdminEnv>()
  .get("/admin", requirePagePermission("me.read"), async (c) => {
    const frame = buildFrame(c);
    if (!may(c, "analytics.read")) {
      const mine = await loadMemberOverview(c.get("rest"));
      return c.html(
        <Page title="Overview" frame={frame}>
          <MemberOverview mine={mine} formToken={frame.formToken} mcpUrl={c.get("config").mcpUrl} />
        </Page>,
      );
    }
    const range = parseRange(c.req.query("range"));
    const overview = await load(c, range);
    return c.html(
      <Page title="Overview" frame={frame}>
        <Announcements announcements={overview.announcements} formToken={frame.formToken} />
        <Tabs tabs={tabs} current={addressOf(range)} label="Period" />
        <Live id="situation" path={`/admin/overview/live?range=${range}`}>
          <Situation overview={overview} checklist={checklistOf(c)} />
        </Live>
      </Page>,
    );
  })
  .get("/admin/overview/live", requirePagePermission("analytics.read"), (c) => {
    const range = parseRange(c.req.query("range"));
    return live(c, REFRESH_MS, async () => {
      const html = await (<Situation overview={await load(c, range)} checklist={checklistOf(c)} />);
      return { event: "replace", html: String(html) };
    });
  })
  .post("/admin/overview/hide-checklist", requirePagePermission("analytics.read"), (c) => {
    hideChecklist(c);
    return c.redirect("/admin", 303);
  })
  .post("/admin/overview/acknowledge", requirePagePermission("announcements.acknowledge"), async (c) => {
    const id = encodeURIComponent(c.get("form").announcement ?? "");
    const sent = await c.get("rest").send("POST", `/me/announcements/${id}/acknowledge`);
    if (!sent.ok) throw sent.refusal;
    return c.redirect("/admin", 303);
  });
