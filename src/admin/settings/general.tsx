/** The organization's own fields, and the settings of its MCP endpoint. */
import { type Context, Hono } from "hono";
import { z } from "zod";
import { toFormOutcome } from "../crud/crud-pages.tsx";
import { Differences, type FormOutcome } from "../crud/pages.tsx";
import { readFields, readTyped, toTyped } from "../forms/fields.ts";
import { Form, loadOptions } from "../forms/form.tsx";
import { setFlash } from "../http/flash.ts";
import type { AdminEnv } from "../http/page-env.ts";
import { requirePagePermission } from "../http/require-permission.ts";
import { OWN_FIELDS, withDefaults } from "../tenants/fields.ts";
import { buildFrame } from "../ui/frame.ts";
import { Page } from "../ui/layout.tsx";
import { MCP_SETTINGS, readHoldings } from "./settings.tsx";
import { SettingsTable } from "./settings-table.tsx";

const PATH = "/admin/settings";
const anyRow = z.record(z.string(), z.unknown());

/** `isStale`: the organization was changed by someone else after the form was opened. */
async function showGeneral(c: Context<AdminEnv>, sent?: { outcome: FormOutcome; isStale: boolean }) {
  const rest = c.get("rest");
  const [{ value, etag }, settings, options] = await Promise.all([
    rest.read("/tenant", anyRow),
    readHoldings(c, MCP_SETTINGS),
    loadOptions(OWN_FIELDS, rest),
  ]);
  const current = toTyped(OWN_FIELDS, withDefaults(value));
  const outcome = sent?.outcome ?? { typed: current };
  const isStale = sent?.isStale === true;
  return (
    <Page title="General" intro="Settings of this organization." frame={buildFrame(c)}>
      {isStale && <Differences fields={OWN_FIELDS} mine={outcome.typed} theirs={current} reload={PATH} />}
      <Form
        action={PATH}
        token={c.get("formToken")}
        fields={OWN_FIELDS}
        typed={outcome.typed}
        options={options}
        faults={outcome.faults}
        message={outcome.message}
        hidden={{ etag: sent === undefined || isStale ? etag : c.get("form").etag }}
        submit={isStale ? "Overwrite" : "Save changes"}
      />
      <SettingsTable group="mcp" settings={settings} side={MCP_SETTINGS} />
      <SettingsTable group="sessions" settings={settings} side={MCP_SETTINGS} />
    </Page>
  );
}

export const general = new Hono<AdminEnv>()
  .get(PATH, requirePagePermission("tenant.update"), async (c) => c.html(await showGeneral(c)))
  .post(PATH, requirePagePermission("tenant.update"), async (c) => {
    const typed = readTyped(OWN_FIELDS, c.get("posted"));
    const { body, faults } = readFields(OWN_FIELDS, typed);
    if (faults.length > 0) {
      return c.html(await showGeneral(c, { outcome: { typed, faults }, isStale: false }), 422);
    }
    const sent = await c.get("rest").send("PATCH", "/tenant", { json: body, ifMatch: c.get("form").etag });
    if (sent.ok) {
      await setFlash(c, { says: "Changes saved." });
      return c.redirect(PATH, 303);
    }
    const isStale = sent.refusal.code === "precondition_failed";
    const outcome = isStale ? { typed } : toFormOutcome(sent.refusal, typed);
    return c.html(await showGeneral(c, { outcome, isStale }), isStale ? 412 : 422);
  });
