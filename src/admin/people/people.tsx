/** Everybody who belongs to the organisation, and what becomes of several of them at once. */
import { Hono } from "hono";
import { ROLES } from "../../core/enums.ts";
import { LinkButton } from "../forms/parts.tsx";
import type { AdminEnv } from "../gate.ts";
import { listRoutes, may } from "../lists/routes.tsx";
import { type ListSpec, optionsFrom, YES_NO } from "../lists/spec.ts";
import type { PageGroup } from "../ui/navigation.ts";
import { Badge, Time } from "../ui/parts.tsx";
import { person } from "./person.tsx";
import { type PersonView, personShape, Standing, standingOf } from "./views.tsx";

const PATH = "/admin/people";

const list: ListSpec<PersonView> = {
  path: PATH,
  api: "/users",
  shape: personShape,
  label: "People",
  usual: "name",
  search: "Name or e-mail address",
  rowPath: ({ id }) => `${PATH}/${id}`,
  idOf: ({ id }) => id,
  filters: [
    { name: "role", label: "Role", kind: "choice", options: optionsFrom(ROLES) },
    { name: "isActive", label: "Switched on", kind: "choice", options: YES_NO },
    { name: "banned", label: "Banned", kind: "choice", options: YES_NO },
  ],
  columns: [
    { name: "name", label: "Name", sorts: true, show: ({ name }) => name },
    { name: "email", label: "E-mail address", sorts: true, show: ({ email }) => email },
    { name: "role", label: "Role", sorts: true, show: ({ role }) => <span class="tag">{role}</span> },
    {
      name: "isActive",
      label: "Standing",
      show: (row) => <Standing person={row} />,
      plain: standingOf,
    },
    {
      name: "twoFactorEnabled",
      label: "Second factor",
      show: ({ twoFactorEnabled }) => (
        <Badge tone={twoFactorEnabled ? "good" : "off"}>{twoFactorEnabled ? "on" : "off"}</Badge>
      ),
    },
    { name: "activeKeys", label: "Keys", number: true, show: ({ activeKeys }) => activeKeys },
    { name: "joinedAt", label: "Joined", sorts: true, show: ({ joinedAt }) => <Time at={joinedAt} /> },
  ],
  bulk: [
    {
      name: "off",
      label: "Switch off",
      action: "users.update",
      danger: true,
      run: (rest, id) =>
        rest.send("PATCH", `/users/${encodeURIComponent(id)}`, { json: { isActive: false }, ifMatch: "*" }),
      done: (count) => `${count === 1 ? "One account is" : `${count} accounts are`} switched off.`,
    },
    {
      name: "sessions",
      label: "Sign out everywhere",
      action: "users.end-sessions",
      run: (rest, id) => rest.send("POST", `/users/${encodeURIComponent(id)}/end-sessions`, { json: {} }),
      done: (count) => `${count === 1 ? "One person is" : `${count} people are`} signed out everywhere.`,
    },
  ],
  empty: { title: "Nobody yet", says: "Invite those who should use the gateway." },
};

const routes = new Hono<AdminEnv>()
  .route(
    "/",
    listRoutes<PersonView>({
      title: "People",
      intro: "Who belongs to the organisation, and as what.",
      action: "users.list",
      list,
      actions: (c) =>
        may(c, "invitations.create") && <LinkButton to="/admin/invitations/new">Invite somebody</LinkButton>,
    }),
  )
  .route("/", person);

export const people: PageGroup = {
  nav: [
    {
      section: "People",
      label: "People",
      path: PATH,
      action: "users.list",
      also: "members users accounts roles sessions bans impersonate",
    },
  ],
  routes,
};
