/** The pages of memberships in groups: all of them in a list, and one to change its role and expiry. */
import { z } from "zod";
import { GROUP_ROLES, GROUP_SOURCES } from "../../core/enums.ts";
import { crudPages } from "../crud/crud-pages.tsx";
import type { FieldSpec } from "../forms/fields.ts";
import type { ApiClient } from "../http/api-client.ts";
import { optionsFrom } from "../lists/spec.ts";
import { groupOptions, memberOptions } from "../lookups/choices.ts";
import { loadNames, RecordLink } from "../lookups/record-names.tsx";
import { Badge, Time } from "../ui/components.tsx";

export const GROUP_MEMBERS_PATH = "/admin/members/groups/members";

export const groupMemberShape = z.object({
  id: z.string(),
  groupId: z.string(),
  userId: z.string(),
  role: z.enum(GROUP_ROLES),
  source: z.enum(GROUP_SOURCES),
  expiresAt: z.string().nullable(),
  groupName: z.string().optional(),
  userName: z.string().optional(),
});
export type GroupMember = z.infer<typeof groupMemberShape>;

/** What is entered of a membership beside the group. */
export const MEMBER_FIELDS: readonly FieldSpec[] = [
  { name: "userId", label: "Member", kind: "choice", options: memberOptions, fixed: true },
  {
    name: "role",
    label: "Role in the group",
    kind: "choice",
    options: optionsFrom(GROUP_ROLES),
    initial: "user",
  },
  {
    ...{ name: "expiresAt", label: "Expires", kind: "moment", optional: true },
    hint: "Optional. Default: never.",
  },
];

export async function addNames(
  rest: ApiClient,
  rows: readonly GroupMember[],
): Promise<readonly GroupMember[]> {
  const nameOf = await loadNames(rest, {
    user: rows.map(({ userId }) => userId),
    group: rows.map(({ groupId }) => groupId),
  });
  return rows.map((row) => ({
    ...row,
    groupName: nameOf("group", row.groupId) ?? row.groupId,
    userName: nameOf("user", row.userId) ?? row.userId,
  }));
}

/** An expired membership stays in the list until it is deleted or extended. */
export function Expiry({ at }: { at: string | null }) {
  const isExpired = at !== null && Date.parse(at) <= Date.now();
  return (
    <>
      <Time at={at} none="Never" /> {isExpired && <Badge tone="off">expired</Badge>}
    </>
  );
}

export const groupMemberPages = crudPages<GroupMember>({
  name: "group-members",
  path: GROUP_MEMBERS_PATH,
  title: "Group members",
  noun: "group member",
  intro: "Memberships of all groups, with their roles and expiry.",
  empty: "Add members on the page of a group.",
  list: {
    shape: groupMemberShape,
    usual: "-createdAt",
    filters: [
      { name: "groupId", label: "Group", kind: "choice", options: groupOptions },
      { name: "userId", label: "Member", kind: "choice", options: memberOptions },
      { name: "role", label: "Role", kind: "choice", options: optionsFrom(GROUP_ROLES) },
      { name: "source", label: "Source", kind: "choice", options: optionsFrom(GROUP_SOURCES) },
    ],
    complete: addNames,
    columns: [
      { name: "userName", label: "Member", show: ({ userName, userId }) => userName ?? userId },
      {
        name: "groupName",
        label: "Group",
        show: ({ groupId, groupName }) => <RecordLink kind="group" id={groupId} name={groupName} />,
        plain: ({ groupName }) => groupName,
      },
      { name: "role", label: "Role", sorts: true, show: ({ role }) => <span class="tag">{role}</span> },
      { name: "source", label: "Source", show: ({ source }) => <Badge>{source}</Badge> },
      {
        name: "expiresAt",
        label: "Expires",
        sorts: true,
        show: ({ expiresAt }) => <Expiry at={expiresAt} />,
      },
    ],
  },
  fields: [
    { name: "groupId", label: "Group", kind: "choice", options: groupOptions, fixed: true },
    ...MEMBER_FIELDS,
  ],
  nameOf: ({ role }) => `Membership (${role})`,
  about: ({ groupId }) => (
    <p>
      <a href={`/admin/members/groups/${groupId}`}>View group</a>
    </p>
  ),
});
