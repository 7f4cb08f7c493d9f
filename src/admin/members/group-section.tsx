/** The members of one group, below its form: a table, and a form that adds one. */
import { Hono } from "hono";
import { initialValues, readFields, readTyped } from "../forms/fields.ts";
import { Form, loadOptions } from "../forms/form.tsx";
import { pageShape } from "../http/api-client.ts";
import type { AdminContext, AdminEnv } from "../http/page-env.ts";
import { redirectWithFlash } from "../http/redirect-with-flash.ts";
import { requirePagePermission } from "../http/require-permission.ts";
import { may } from "../lists/routes.tsx";
import { RecordLink } from "../lookups/record-names.tsx";
import { TableHead } from "../ui/components.tsx";
import { addNames, Expiry, GROUP_MEMBERS_PATH, groupMemberShape, MEMBER_FIELDS } from "./group-members.tsx";

export const GROUPS_PATH = "/admin/members/groups";

const SHOWN_MEMBERS = 100;
const page = pageShape(groupMemberShape);

export async function GroupMembers(c: AdminContext, groupId: string) {
  const rest = c.get("rest");
  const mayAdd = may(c, "group-members.create");
  const [{ value }, options] = await Promise.all([
    rest.read("/group-members", page, { groupId, limit: SHOWN_MEMBERS, sort: "createdAt" }),
    mayAdd ? loadOptions(MEMBER_FIELDS, rest) : undefined,
  ]);
  const rows = await addNames(rest, value.items);
  return (
    <section class="list" aria-labelledby="group-members">
      <div class="row">
        <h2 id="group-members">Members</h2>
        <a href={`${GROUP_MEMBERS_PATH}?groupId=${groupId}`}>View all memberships</a>
      </div>
      {rows.length === 0 && <p class="card quiet-text">No members yet.</p>}
      {rows.length > 0 && (
        <section class="scroll" aria-label="Members of the group" tabindex={0}>
          <table>
            <TableHead columns={["Member", "Role", "Expires", "Action"]} />
            <tbody>
              {rows.map(({ id, userId, userName, role, expiresAt }) => (
                <tr>
                  <td>
                    <RecordLink kind="user" id={userId} name={userName} />
                  </td>
                  <td>
                    <span class="tag">{role}</span>
                  </td>
                  <td>
                    <Expiry at={expiresAt} />
                  </td>
                  <td>
                    <a href={`${GROUP_MEMBERS_PATH}/${id}`} aria-label={`Edit membership of ${userName}`}>
                      Edit
                    </a>
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </section>
      )}
      {options !== undefined && (
        <>
          <h2>Add member</h2>
          <Form
            action={`${GROUPS_PATH}/${groupId}/members`}
            token={c.get("formToken")}
            fields={MEMBER_FIELDS}
            typed={initialValues(MEMBER_FIELDS)}
            options={options}
            submit="Add member"
          />
        </>
      )}
    </section>
  );
}

export const memberForm = new Hono<AdminEnv>().post(
  `${GROUPS_PATH}/:id/members`,
  requirePagePermission("group-members.create"),
  async (c) => {
    const groupId = c.req.param("id");
    const { body } = readFields(MEMBER_FIELDS, readTyped(MEMBER_FIELDS, c.get("posted")));
    const sent = await c.get("rest").send("POST", "/group-members", { json: { groupId, ...body } });
    return redirectWithFlash(c, sent, { says: "Member added.", back: `${GROUPS_PATH}/${groupId}` });
  },
);
