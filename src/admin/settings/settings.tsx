/** The gateway's settings: what holds and why, one page each with its history; for a tenant, and for the whole system. */
import { Hono } from "hono";
import { z } from "zod";
import { NotFoundError } from "../../core/errors.ts";
import { isSettingKey, SETTING_KEYS, SETTINGS } from "../../core/settings/definitions.ts";
import type { Setting } from "../../core/settings/setting.ts";
import { toFormOutcome } from "../crud/crud-pages.tsx";
import type { FormOutcome } from "../crud/pages.tsx";
import { Button, PostForm } from "../forms/controls.tsx";
import { readTyped, type Typed } from "../forms/fields.ts";
import { Form, loadOptions } from "../forms/form.tsx";
import { pageShape } from "../http/api-client.ts";
import { setFlash } from "../http/flash.ts";
import type { AdminContext, AdminEnv } from "../http/page-env.ts";
import { requirePagePermission } from "../http/require-permission.ts";
import { may } from "../lists/routes.tsx";
import { loadMemberNames } from "../lookups/choices.ts";
import { Details } from "../ui/components.tsx";
import { buildFrame } from "../ui/frame.ts";
import { Page } from "../ui/layout.tsx";
import { History, type Version, version } from "./history.tsx";
import { readValue, settingField, shown, toTyped } from "./setting-form.ts";
import {
  type Holding,
  holding,
  SETTING_GROUPS,
  type SettingGroup,
  SettingsTable,
  type Side,
  SOURCES,
  TRAFFIC_GROUPS,
} from "./settings-table.tsx";

const isTenants = ({ whose }: Setting) => whose !== "system";

const organizationTab = (title: string, path: string, ...groups: SettingGroup[]): Side => ({
  ...{ title, path, groups, api: "/configs", isOwn: isTenants },
  ...{ read: "configs.list", write: "configs.update" },
  intro: "Settings of this organization. Changes apply within one second.",
});

/** Its list is a section of the page of the organization's general settings. */
export const MCP_SETTINGS = organizationTab("MCP", "/admin/settings", "mcp", "sessions");
const LOGGING = organizationTab("Logging", "/admin/settings/logging", "logging");
const TRAFFIC = organizationTab("Traffic", "/admin/settings/traffic", ...TRAFFIC_GROUPS);
const TELEMETRY = organizationTab("Telemetry", "/admin/settings/telemetry", "telemetry");

const SYSTEM: Side = {
  title: "Default settings",
  path: "/admin/system/settings",
  groups: SETTING_GROUPS,
  api: "/system/configs",
  intro: "Defaults for organizations without their own value.",
  read: "system.read",
  write: "system.write",
  isOwn: ({ whose }) => whose !== "tenant",
};

const config = z.object({
  id: z.string(),
  tenantId: z.string().nullable(),
  key: z.string(),
  value: z.unknown(),
  version: z.number(),
});

/** Returns the stored row of this scope, if any. */
async function rowOf(c: AdminContext, side: Side, key: string) {
  const rest = c.get("rest");
  const { value } = await rest.read(side.api, pageShape(config), { key, limit: 10 });
  const found = value.items.find((row) => (row.tenantId === null) === (side === SYSTEM));
  if (found === undefined) return undefined;
  const { value: row, etag } = await rest.read(`${side.api}/${found.id}`, config);
  return { ...row, etag };
}

async function versionsOf(c: AdminContext, side: Side, id: string): Promise<readonly Version[]> {
  const { value } = await c.get("rest").read(`${side.api}/${id}/versions`, pageShape(version));
  return value.items;
}

/** The effective values of this scope: the API returns those of a tenant, and the system's rows are read one by one. */
export async function readHoldings(c: AdminContext, side: Side): Promise<readonly Holding[]> {
  if (side !== SYSTEM) return (await c.get("rest").read("/settings", pageShape(holding))).value.items;
  const { value } = await c.get("rest").read(side.api, pageShape(config), { limit: 100 });
  const rows = new Map(value.items.map((row) => [row.key, row]));
  return SETTING_KEYS.filter((key) => SYSTEM.isOwn(SETTINGS[key])).map((key) => {
    const setting: Setting = SETTINGS[key];
    const row = rows.get(key);
    const fallback = setting.type === "secret" ? null : setting.fallback;
    return {
      ...{ key, label: setting.label, description: setting.description },
      ...{ value: row === undefined ? fallback : row.value, isSet: row !== undefined },
      source: row === undefined ? "default" : "system",
    };
  });
}

function settingAt(c: AdminContext, side: Side): { key: string; setting: Setting } {
  const key = c.req.param("key") ?? "";
  if (!isSettingKey(key)) throw new NotFoundError("Setting not found.");
  const setting: Setting = SETTINGS[key];
  if (!side.isOwn(setting)) throw new NotFoundError("The setting has no value in this scope.");
  return { key, setting };
}

async function showOne(c: AdminContext, side: Side, sent?: FormOutcome) {
  const { key, setting } = settingAt(c, side);
  const row = await rowOf(c, side, key);
  const [versions, names, all] = await Promise.all([
    row === undefined ? [] : versionsOf(c, side, row.id),
    loadMemberNames(c.get("rest")),
    readHoldings(c, side),
  ]);
  const holds = all.find((each) => each.key === key);
  const frame = buildFrame(c);
  const here = `${side.path}/${key}`;
  const mayWrite = may(c, side.write);
  const field = settingField(setting);
  const typed: Typed = sent?.typed ?? toTyped(setting, row === undefined ? holds?.value : row.value);
  const hidden = row?.etag === undefined ? {} : { etag: row.etag };
  const fallback = setting.type === "secret" ? null : setting.fallback;
  return (
    <Page
      title={setting.label}
      frame={frame}
      actions={
        mayWrite &&
        row !== undefined && (
          <PostForm action={`${here}/reset`} token={frame.formToken} class="inline">
            <Button kind="danger">Reset to default</Button>
          </PostForm>
        )
      }
    >
      <div class="card">
        <Details
          of={[
            ["Key", <code>{key}</code>],
            ["Effective value", shown(key, holds?.value, holds?.isSet ?? false)],
            ["Source", SOURCES[holds?.source ?? "default"]],
            ["Default", shown(key, fallback, false)],
          ]}
        />
      </div>
      {mayWrite && (
        <Form
          action={here}
          token={frame.formToken}
          fields={[field]}
          typed={typed}
          options={await loadOptions([field], c.get("rest"))}
          faults={sent?.faults}
          message={sent?.message}
          hidden={hidden}
          submit="Save changes"
          cancel={side.path}
        />
      )}
      {versions.length > 0 && (
        <History
          versions={versions}
          isSecret={setting.type === "secret"}
          names={names}
          restore={mayWrite ? { action: `${here}/restore`, token: frame.formToken, ...hidden } : undefined}
        />
      )}
    </Page>
  );
}

const STALE = "This setting was changed after you opened it. See the history below. Save again to overwrite.";

function listRoute(side: Side): Hono<AdminEnv> {
  return new Hono<AdminEnv>().get(side.path, requirePagePermission(side.read), async (c) => {
    const items = await readHoldings(c, side);
    return c.html(
      <Page title={side.title} intro={side.intro} frame={buildFrame(c)}>
        {side.groups.map((group) => (
          <SettingsTable group={group} settings={items} side={side} />
        ))}
        <p class="quiet-text">
          Values for your own programs are under <a href="/admin/settings/values">Custom values</a>.
        </p>
      </Page>,
    );
  });
}

function routesOf(side: Side): Hono<AdminEnv> {
  const at = `${side.path}/:key{(?:${side.groups.join("|")})\\.[a-z_.]+}` as const;
  return new Hono<AdminEnv>()
    .get(at, requirePagePermission(side.read), async (c) => c.html(await showOne(c, side)))
    .post(at, requirePagePermission(side.write), async (c) => {
      const { key, setting } = settingAt(c, side);
      const typed = readTyped([settingField(setting)], c.get("posted"));
      const { value, faults } = readValue(setting, typed);
      if (faults.length > 0) return c.html(await showOne(c, side, { typed, faults }), 422);
      const row = await rowOf(c, side, key);
      const sent =
        row === undefined
          ? await c.get("rest").send("POST", side.api, { json: { key, value } })
          : await c.get("rest").send("PATCH", `${side.api}/${row.id}`, {
              ...{ json: { value }, ifMatch: c.get("form").etag ?? "" },
            });
      if (sent.ok) {
        await setFlash(c, { says: `${setting.label} saved.` });
        return c.redirect(`${side.path}/${key}`, 303);
      }
      const isStale = /^precondition/.test(sent.refusal.code);
      const outcome = isStale ? { typed, message: STALE } : toFormOutcome(sent.refusal, typed);
      return c.html(await showOne(c, side, outcome), isStale ? 412 : 422);
    })
    .post(`${at}/restore`, requirePagePermission(side.write), async (c) => {
      const { key } = settingAt(c, side);
      const { version: wanted, etag } = c.get("form");
      const row = await rowOf(c, side, key);
      if (row === undefined) throw new NotFoundError("The setting has no earlier versions in this scope.");
      const sent = await c.get("rest").send("POST", `${side.api}/${row.id}/restore`, {
        ...{ json: { version: Number(wanted) }, ifMatch: etag ?? "" },
      });
      if (!sent.ok) return c.html(await showOne(c, side, { ...toFormOutcome(sent.refusal, {}) }), 412);
      await setFlash(c, { says: `Version ${wanted} restored as the latest version.` });
      return c.redirect(`${side.path}/${key}`, 303);
    })
    .post(`${at}/reset`, requirePagePermission(side.write), async (c) => {
      const { key, setting } = settingAt(c, side);
      const row = await rowOf(c, side, key);
      if (row !== undefined) {
        const sent = await c.get("rest").send("DELETE", `${side.api}/${row.id}`);
        if (!sent.ok) throw sent.refusal;
      }
      // A sealed value cannot be restored from the data of a page.
      const undo =
        row === undefined || setting.type === "secret"
          ? {}
          : { undo: { api: side.api, back: `${side.path}/${key}`, body: { key, value: row.value } } };
      await setFlash(c, { says: `${setting.label} reset to default.`, ...undo });
      return c.redirect(side.path, 303);
    });
}

export const settings = new Hono<AdminEnv>()
  .route("/", routesOf(MCP_SETTINGS))
  .route("/", listRoute(LOGGING))
  .route("/", routesOf(LOGGING))
  .route("/", listRoute(TRAFFIC))
  .route("/", routesOf(TRAFFIC))
  .route("/", listRoute(TELEMETRY))
  .route("/", routesOf(TELEMETRY))
  .route("/", listRoute(SYSTEM))
  .route("/", routesOf(SYSTEM));
