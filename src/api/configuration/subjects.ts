/** Groups as subjects of access rules, limits, budgets and bindings in the configuration file: by name instead of by ID. */
import { budgets } from "../resources/budgets.ts";
import { rateLimits } from "../resources/rate-limits.ts";
import { toolsetBindings } from "../resources/toolset-bindings.ts";
import { type ConfigurationNames, createSection, type Section } from "./section.ts";

/** The ID of a subject as a file has it. */
export const toSubjectName = (type: unknown, id: unknown, { groups }: ConfigurationNames): unknown =>
  type === "group" && typeof id === "string" ? (groups.nameOf(id) ?? id) : id;

/** The ID of a subject of a file; undefined for a group that there is not. */
export const toSubjectId = (type: unknown, name: unknown, { groups }: ConfigurationNames): unknown =>
  type === "group" && typeof name === "string" ? groups.idOf(name) : name;

const nameSubjects = (plain: Section): Section => ({
  ...plain,
  async write(c, row, names) {
    const { subjectId, ...item } = await plain.write(c, row, names);
    if (subjectId === undefined) return item;
    return { ...item, subjectId: toSubjectName(item.subjectType, subjectId, names) };
  },
  async read(look, { subjectId, ...item }, names) {
    if (subjectId === undefined || subjectId === null) return plain.read(look, item, names);
    const id = toSubjectId(item.subjectType, subjectId, names);
    if (id === undefined)
      return { faults: [{ path: "/subjectId", message: `unknown group: ${String(subjectId)}` }] };
    const coming = item.subjectType === "group" ? new Set([String(id)]) : look.coming;
    return plain.read({ ...look, ...(coming && { coming }) }, { ...item, subjectId: id }, names);
  },
});

export const rateLimitsSection = nameSubjects(
  createSection(rateLimits, ["subjectType", "subjectId", "server", "toolName", "windowSeconds"]),
);

export const budgetsSection = nameSubjects(createSection(budgets, ["subjectType", "subjectId", "period"]));

const plainBindings = createSection(toolsetBindings, ["subjectType", "subjectId"]);

export const toolsetBindingsSection: Section = {
  ...plainBindings,
  async write(c, row, names) {
    const { subjectId, toolsetId, ...item } = await plainBindings.write(c, row, names);
    const toolset = names.toolsets.nameOf(String(toolsetId)) ?? toolsetId;
    return { ...item, subjectId: toSubjectName(item.subjectType, subjectId, names), toolset };
  },
  async read(look, { toolset, subjectId, ...item }, names) {
    const id = toSubjectId(item.subjectType, subjectId, names);
    const toolsetId = names.toolsets.idOf(String(toolset));
    if (toolsetId === undefined)
      return { faults: [{ path: "/toolset", message: `unknown toolset: ${String(toolset)}` }] };
    if (id === undefined)
      return { faults: [{ path: "/subjectId", message: `unknown group: ${String(subjectId)}` }] };
    const coming = new Set([toolsetId, ...(item.subjectType === "group" ? [String(id)] : [])]);
    return plainBindings.read({ ...look, coming }, { ...item, subjectId: id, toolsetId }, names);
  },
};
