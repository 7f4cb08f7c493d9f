/** The list of members with its bulk actions. */
import { Hono } from "hono";
import { ROLES } from "../../core/enums.ts";
import { LinkButton } from "../forms/controls.tsx";
import type { AdminEnv } from "../http/page-env.ts";
import { listRoutes, may } from "../lists/routes.tsx";
import { type ListSpec, optionsFrom, YES_NO } from "../lists/spec.ts";
import { Badge, Time } from "../ui/components.tsx";
import { memberPage } from "./person.tsx";
import { MemberStatus, type MemberView, memberStatus, memberViewShape } from "./views.tsx";

const PATH = "/admin/members";

const list: ListSpec<MemberView> = {
  path: PATH,
  api: "/users",
  shape: memberViewShape,
  label: "Members",
  usual: "name",
  search: "Name or email",
  rowPath: ({ id }) => `${PATH}/${id}`,
  idOf: ({ id }) => id,
  filters: [
    { name: "role", label: "Role", kind: "choice", options: optionsFrom(ROLES) },
    { name: "isActive", label: "Enabled", kind: "choice", options: YES_NO },
    { name: "banned", label: "Banned", kind: "choice", options: YES_NO },
  ],
  columns: [
    { name: "name", label: "Name", sorts: true, show: ({ name }) => name },
    { name: "email", label: "Email", sorts: true, show: ({ email }) => email },
    { name: "role", label: "Role", sorts: true, show: ({ role }) => <span class="tag">{role}</span> },
    {
      name: "isActive",
      label: "Status",
      show: (row) => <MemberStatus person={row} />,
      plain: memberStatus,
    },
    {
      name: "twoFactorEnabled",
      label: "2FA",
      show: ({ twoFactorEnabled }) => (
        <Badge tone={twoFactorEnabled ? "good" : "off"}>{twoFactorEnabled ? "on" : "off"}</Badge>
      ),
    },
    { name: "activeKeys", label: "API keys", number: true, show: ({ activeKeys }) => activeKeys },
    { name: "lastActivity", label: "Last activity", show: ({ lastActivity }) => <Time at={lastActivity} /> },
    { name: "joinedAt", label: "Joined", sorts: true, show: ({ joinedAt }) => <Time at={joinedAt} /> },
  ],
  bulk: [
    {
      name: "off",
      label: "Disable",
      action: "users.update",
      danger: true,
      run: (rest, id) =>
        rest.send("PATCH", `/users/${encodeURIComponent(id)}`, { json: { isActive: false }, ifMatch: "*" }),
      done: (count) => `${count === 1 ? "1 account" : `${count} accounts`} disabled.`,
    },
    {
      name: "sessions",
      label: "Sign out everywhere",
      action: "users.end-sessions",
      run: (rest, id) => rest.send("POST", `/users/${encodeURIComponent(id)}/end-sessions`, { json: {} }),
      done: (count) => `${count === 1 ? "1 member" : `${count} members`} signed out of all sessions.`,
    },
  ],
  empty: { title: "No members yet", says: "Invite the people who will use the gateway." },
};

export const members = new Hono<AdminEnv>()
  .route(
    "/",
    listRoutes<MemberView>({
      title: "Members",
      intro: "Members of the organization and their roles.",
      action: "users.list",
      list,
      actions: (c) =>
        may(c, "invitations.create") && (
          <LinkButton to="/admin/members/invitations/new">Invite member</LinkButton>
        ),
    }),
  )
  .route("/", memberPage);
