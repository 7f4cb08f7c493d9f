/** The pages of groups: their list, and one group with its members. */
import { Hono } from "hono";
import { z } from "zod";
import { GROUP_SOURCES } from "../../core/enums.ts";
import { crudPages } from "../crud/crud-pages.tsx";
import type { AdminEnv } from "../http/page-env.ts";
import { optionsFrom } from "../lists/spec.ts";
import { BINDINGS_PATH } from "../tools/toolset-bindings.tsx";
import { Badge, Time } from "../ui/components.tsx";
import { groupMemberPages } from "./group-members.tsx";
import { GROUPS_PATH, GroupMembers, memberForm } from "./group-section.tsx";

const shape = z.object({
  id: z.string(),
  name: z.string(),
  description: z.string().nullable(),
  source: z.enum(GROUP_SOURCES),
  externalId: z.string().nullable(),
  updatedAt: z.string(),
});

const pages = crudPages<z.infer<typeof shape>>({
  name: "groups",
  path: GROUPS_PATH,
  title: "Groups",
  noun: "group",
  intro: "Named sets of members. A member can be in several groups.",
  empty: "Put members together who need the same access.",
  list: {
    shape,
    usual: "name",
    search: "Name or description",
    filters: [{ name: "source", label: "Source", kind: "choice", options: optionsFrom(GROUP_SOURCES) }],
    columns: [
      { name: "name", label: "Name", sorts: true, show: ({ name }) => name },
      { name: "description", label: "Description", show: ({ description }) => description ?? "" },
      { name: "source", label: "Source", sorts: true, show: ({ source }) => <Badge>{source}</Badge> },
      { name: "externalId", label: "External ID" },
      { name: "updatedAt", label: "Updated", sorts: true, show: ({ updatedAt }) => <Time at={updatedAt} /> },
    ],
  },
  fields: [
    { name: "name", label: "Name", kind: "text", maxlength: 200 },
    { name: "description", label: "Description", kind: "long", optional: true },
    {
      ...{ name: "externalId", label: "External ID", kind: "text", optional: true, maxlength: 500 },
      hint: "Optional. The ID of the group at your identity provider.",
    },
  ],
  nameOf: ({ name }) => name,
  destroys: "Its memberships are deleted. The members stay in the organization.",
  about: ({ id }) => (
    <p>
      <a href={`${BINDINGS_PATH}?subjectType=group&subjectId=${id}`}>Toolset binding of this group</a>
    </p>
  ),
  below: (c, { id }) => GroupMembers(c, id),
});

/** Memberships come first: their paths look like those of groups. */
export const groups = new Hono<AdminEnv>()
  .route("/", groupMemberPages)
  .route("/", memberForm)
  .route("/", pages);
