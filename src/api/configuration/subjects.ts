/** Groups as subjects of access rules and limits in the configuration file: by name instead of by ID. */
import { rateLimits } from "../resources/rate-limits.ts";
import { type ConfigurationNames, createSection, type Section } from "./section.ts";

/** The ID of a subject as a file has it. */
export const toSubjectName = (type: unknown, id: unknown, { groups }: ConfigurationNames): unknown =>
  type === "group" && typeof id === "string" ? (groups.nameOf(id) ?? id) : id;

/** The ID of a subject of a file; undefined for a group that there is not. */
export const toSubjectId = (type: unknown, name: unknown, { groups }: ConfigurationNames): unknown =>
  type === "group" && typeof name === "string" ? groups.idOf(name) : name;

const plain = createSection(rateLimits, ["subjectType", "subjectId", "server", "toolName", "windowSeconds"]);

export const rateLimitsSection: Section = {
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
};
