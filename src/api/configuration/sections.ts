/** The sections of the configuration file, in its order. */
import { eq } from "drizzle-orm";
import { z } from "zod";
import { ACCESS_SUBJECTS } from "../../core/enums.ts";
import { canonicalJson } from "../../core/mcp/canonical-json.ts";
import { ipRules as ipRuleTable, serverAccessControls } from "../../db/schema/access.ts";
import { groups as groupTable } from "../../db/schema/groups.ts";
import { keepSubject } from "../access/access-rules.ts";
import { findRuleFault, newAccessRule } from "../access/schemas.ts";
import { selectColumns } from "../resource/shape.ts";
import { alerts } from "../resources/alerts.ts";
import { announcements } from "../resources/announcements.ts";
import { clearValue, configs } from "../resources/configs.ts";
import { featureFlags } from "../resources/feature-flags.ts";
import { groups } from "../resources/groups.ts";
import { ipRules } from "../resources/ip-rules.ts";
import { maintenanceWindows } from "../resources/maintenance-windows.ts";
import { requestQueues } from "../resources/request-queues.ts";
import { retentionPolicies } from "../resources/retention-policies.ts";
import { routingRules } from "../resources/routing-rules.ts";
import { verifiedDomains } from "../resources/verified-domains.ts";
import { identityProvidersSection } from "./identity-providers.ts";
import { createSection, listIssues, resolveIds, type Section, toItem } from "./section.ts";
import { serversSection } from "./servers.ts";
import {
  budgetsSection,
  rateLimitsSection,
  toolsetBindingsSection,
  toSubjectId,
  toSubjectName,
} from "./subjects.ts";
import { toolsetsSection } from "./toolsets.ts";

const controlFields = [
  ...["subject", "objectType", "serverId", "objectPattern", "effect", "validFrom", "validUntil"],
  ...["daysOfWeek", "startTime", "endTime", "reason", "isActive"],
];
const controlColumns = selectColumns(serverAccessControls);
const subjectOf = z.object({ subjectType: z.string(), subjectId: z.string() });
const keptSubject = subjectOf.extend({ tenantId: z.string(), subjectType: z.enum(ACCESS_SUBJECTS) });
const fileSubject = z.looseObject({ type: z.string(), id: z.string() });
const minutes = (value: unknown) => (typeof value === "string" ? value.slice(0, 5) : value);

/** A rule is identified by its content, so a file never changes one. */
const accessControls: Section = {
  name: "accessControls",
  noun: "access rule",
  action: "access",
  table: serverAccessControls,
  columns: controlColumns,
  hooks: {
    alongside: (c, db, row) =>
      keepSubject(db, keptSubject.parse({ ...row, tenantId: c.var.principal.tenantId })),
  },
  identityOf: canonicalJson,
  isUnique: false,
  async write(_, row, names) {
    const { subjectType: type, subjectId } = subjectOf.parse(row);
    const id = toSubjectName(type, subjectId, names);
    const { startTime, endTime } = row;
    const whole = { ...row, subject: { type, id }, startTime: minutes(startTime), endTime: minutes(endTime) };
    return toItem(whole, controlFields, controlColumns, names);
  },
  async read(_, item, names) {
    const { row, faults } = resolveIds(item, names);
    const given = fileSubject.safeParse(row.subject).data;
    const id = given && toSubjectId(given.type, given.id, names);
    if (given !== undefined && id === undefined)
      return { faults: [{ path: "/subject/id", message: `unknown group: ${given.id}` }] };
    const parsed = newAccessRule.safeParse({ ...row, ...(given && { subject: { ...given, id } }) });
    const issues = [...faults, ...listIssues(parsed.error)];
    if (!parsed.success || issues.length > 0) return { faults: issues };
    const fault = findRuleFault(parsed.data);
    if (fault !== undefined) return { faults: [fault] };
    const { subject, ...values } = parsed.data;
    return { values: { ...values, subjectType: subject.type, subjectId: subject.id } };
  },
};

const plainConfigs = createSection(configs, ["key"]);
const sensitive = z.object({
  key: z.string(),
  secret: z.string().optional(),
  isSensitive: z.boolean().default(false),
});
const secretName = (key: string) => `CONFIG_${key.toUpperCase().replace(/[^A-Z0-9]/g, "_")}`;

/** A sensitive value stands as `secret: NAME`: of the variable that holds it where the file is applied. */
const configsSection: Section = {
  ...plainConfigs,
  // What is plain does not become sensitive, nor the other way round: it is made anew.
  identityOf: ({ key, secret }) => canonicalJson([key, secret !== undefined]),
  async write(c, row, names) {
    const { value, isSensitive, ...content } = await plainConfigs.write(c, row, names);
    if (isSensitive !== true) return { ...content, value };
    return { ...content, secret: secretName(String(content.key)) };
  },
  async read(look, { secret, ...item }, names) {
    if (secret === undefined) {
      if (item.isSensitive === true)
        return { faults: [{ path: "/secret", message: "must contain the source of the value" }] };
      return plainConfigs.read(look, item, names);
    }
    const name = z
      .string()
      .regex(/^[A-Za-z_][A-Za-z0-9_]{0,199}$/, "must be an environment variable name")
      .safeParse(secret);
    if (!name.success)
      return { faults: [{ path: "/secret", message: "must be an environment variable name" }] };
    const reading = await plainConfigs.read(look, { ...item, value: "", isSensitive: true }, names);
    if ("faults" in reading) return reading;
    const { value: _, ...values } = reading.values;
    return { values: { ...values, secret: name.data } };
  },
  async secret(c, item, secrets, before) {
    const { secret, key } = sensitive.parse(item);
    if (secret === undefined) return { values: {}, isNew: false };
    const value = secrets[secret];
    if (value !== undefined) {
      const isNew = before === undefined || (await clearValue(c, before)) !== value;
      return { values: isNew ? { value } : {}, isNew };
    }
    if (before?.isSensitive === true) return { values: {}, isNew: false };
    return {
      fault: { path: "/secret", message: `needs a value for ${key}: set ${secret} where you apply this` },
    };
  },
};

/** What the gateway has imposed by itself is no configuration. */
const ownIpRules: Section = {
  ...createSection(ipRules, ["kind", "cidr"], eq(ipRuleTable.isAutomatic, false)),
  isUnique: false,
};

/** Without those that an identity provider provisions. Who is in a group is no configuration. */
const manualGroups = createSection(groups, ["name"], eq(groupTable.source, "manual"));

export const SECTIONS: readonly Section[] = [
  serversSection,
  manualGroups,
  accessControls,
  createSection(routingRules, ["name"]),
  toolsetsSection,
  toolsetBindingsSection,
  rateLimitsSection,
  budgetsSection,
  ownIpRules,
  createSection(requestQueues, ["server"]),
  configsSection,
  createSection(featureFlags, ["key"]),
  { ...createSection(maintenanceWindows, ["title", "server"]), isUnique: false },
  { ...createSection(announcements, ["title"]), isUnique: false },
  { ...createSection(alerts, ["name"]), isUnique: false },
  createSection(retentionPolicies, ["tableName"]),
  identityProvidersSection,
  createSection(verifiedDomains, ["domain"]),
];
