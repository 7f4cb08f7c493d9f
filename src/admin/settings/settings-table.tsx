/** One group of settings as a table: each with its value and where that comes from. */
import { z } from "zod";
import type { Permission } from "../../core/access/permissions.ts";
import { getSetting } from "../../core/settings/definitions.ts";
import type { Setting } from "../../core/settings/setting.ts";
import { Badge, TableHead } from "../ui/components.tsx";
import { shown } from "./setting-form.ts";

/** The scope of a settings page: one organization, or the defaults of all. */
export interface Side {
  readonly title: string;
  readonly path: string;
  readonly groups: readonly SettingGroup[];
  readonly api: string;
  readonly intro: string;
  readonly read: Permission;
  readonly write: Permission;
  readonly isOwn: (setting: Setting) => boolean;
}

export const holding = z.object({
  key: z.string(),
  label: z.string(),
  description: z.string(),
  value: z.unknown(),
  isSet: z.boolean(),
  source: z.enum(["default", "system", "tenant"]),
});

export type Holding = z.output<typeof holding>;

export const SOURCES = {
  default: <Badge tone="off">Default</Badge>,
  system: <Badge>System default</Badge>,
  tenant: <Badge tone="good">Organization</Badge>,
};

const GROUPS = {
  logging: "Logging",
  mcp: "MCP",
  telemetry: "Telemetry",
  servers: "Servers",
  breaker: "Circuit breakers",
  retry: "Retries",
  queue: "Queues",
  health: "Health checks",
  discovery: "Discovery",
  bans: "Bans",
  budgets: "Costs",
  sessions: "Sessions",
} as const;

/** The first part of a setting's key. */
export type SettingGroup = keyof typeof GROUPS;
/** Those of servers and of what protects them: one page. */
export const TRAFFIC_GROUPS: readonly SettingGroup[] = [
  "servers",
  "breaker",
  "retry",
  "queue",
  "health",
  "discovery",
  "bans",
  "budgets",
];
export const SETTING_GROUPS: readonly SettingGroup[] = ["mcp", ...TRAFFIC_GROUPS, "logging", "telemetry"];

export function SettingsTable({
  group,
  settings,
  side,
}: {
  group: SettingGroup;
  /** Those of other groups are left out. */
  settings: readonly Holding[];
  side: Side;
}) {
  const ofGroup = settings.filter(({ key }) => key.startsWith(`${group}.`));
  return (
    <section class="card" aria-labelledby={`group-${group}`}>
      <h2 id={`group-${group}`}>{GROUPS[group]}</h2>
      <div class="scroll">
        <table aria-labelledby={`group-${group}`}>
          <TableHead columns={["Setting", "Value", "Source"]} />
          <tbody>
            {ofGroup.map(({ key, label, description, value, isSet, source }) => {
              const setting = getSetting(key);
              const isOwn = setting !== undefined && side.isOwn(setting);
              return (
                <tr>
                  <td>
                    {isOwn ? <a href={`${side.path}/${key}`}>{label}</a> : label}
                    <p class="hint">{description}</p>
                  </td>
                  <td>{shown(key, value, isSet)}</td>
                  <td>{SOURCES[source]}</td>
                </tr>
              );
            })}
          </tbody>
        </table>
      </div>
    </section>
  );
}
