/** The pages of toolset bindings: what reaches nothing but one toolset. */
import { z } from "zod";
import { BINDING_SUBJECTS } from "../../core/enums.ts";
import { crudPages } from "../crud/crud-pages.tsx";
import type { Option } from "../forms/fields.ts";
import type { ApiClient } from "../http/api-client.ts";
import { optionsFrom } from "../lists/spec.ts";
import {
  clientOptions,
  loadSubjectNames,
  parseSubject,
  subjectOptions,
  toolsetOptions,
} from "../lookups/choices.ts";
import { Time } from "../ui/components.tsx";

export const BINDINGS_PATH = "/admin/tools/toolsets/bindings";

const shape = z.object({
  id: z.string(),
  subjectType: z.enum(BINDING_SUBJECTS),
  subjectId: z.string(),
  toolsetId: z.string(),
  updatedAt: z.string(),
  subjectName: z.string().optional(),
  toolsetName: z.string().optional(),
});
type Binding = z.infer<typeof shape>;

/** Users are bound by their groups and roles. */
async function bindableSubjects(rest: ApiClient): Promise<readonly Option[]> {
  const [subjects, clients] = await Promise.all([subjectOptions(rest), clientOptions(rest)]);
  return [...subjects.filter(({ value }) => !value.startsWith("user:")), ...clients];
}

export const toolsetBindings = crudPages<Binding>({
  name: "toolset-bindings",
  path: BINDINGS_PATH,
  title: "Toolset bindings",
  noun: "toolset binding",
  intro:
    "API keys, OAuth clients, groups and roles that reach one toolset only: /mcp serves it, and no other endpoint can be used.",
  empty: "Bind an API key, a group or a role to the tools it needs.",
  list: {
    shape,
    usual: "subjectType",
    filters: [
      { name: "subjectType", label: "Subject", kind: "choice", options: optionsFrom(BINDING_SUBJECTS) },
      { name: "subjectId", label: "Subject ID", kind: "text" },
      { name: "toolsetId", label: "Toolset", kind: "choice", options: toolsetOptions },
    ],
    async complete(rest, rows) {
      const [nameOf, toolsets] = await Promise.all([loadSubjectNames(rest, rows), toolsetOptions(rest)]);
      const titles = new Map(toolsets.map(({ value, label }) => [value, label]));
      return rows.map((row) => ({
        ...row,
        subjectName: nameOf(row),
        toolsetName: titles.get(row.toolsetId) ?? row.toolsetId,
      }));
    },
    columns: [
      {
        name: "subjectType",
        label: "Subject",
        sorts: true,
        show: ({ subjectType, subjectName }) => (
          <>
            <span class="tag">{subjectType}</span> {subjectName}
          </>
        ),
        plain: ({ subjectType, subjectName }) => `${subjectType} ${subjectName}`,
      },
      {
        name: "toolsetName",
        label: "Toolset",
        show: ({ toolsetId, toolsetName }) => (
          <a href={`/admin/tools/toolsets/${toolsetId}`}>{toolsetName}</a>
        ),
        plain: ({ toolsetName }) => toolsetName,
      },
      { name: "updatedAt", label: "Updated", sorts: true, show: ({ updatedAt }) => <Time at={updatedAt} /> },
    ],
  },
  fields: [
    {
      ...{ name: "subject", label: "Subject", kind: "choice", options: bindableSubjects, fixed: true },
      hint: "A bound group replaces the binding of the role. A key or client is bound in addition to its user.",
    },
    { name: "toolsetId", label: "Toolset", kind: "choice", options: toolsetOptions },
  ],
  nameOf: ({ subjectType }) => `Binding of a ${subjectType}`,
  toForm: ({ subjectType, subjectId, ...row }) => ({ ...row, subject: `${subjectType}:${subjectId}` }),
  fromForm: ({ subject, ...body }) => {
    if (typeof subject !== "string") return body;
    const { type, id } = parseSubject(subject);
    return { ...body, subjectType: type, subjectId: id };
  },
});
