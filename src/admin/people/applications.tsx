/** The applications that act for people by OAuth: what the organisation's allowed, and for operators all that there are. */
import { Hono } from "hono";
import { z } from "zod";
import type { AdminEnv } from "../gate.ts";
import { listRoutes } from "../lists/routes.tsx";
import { type ListSpec, YES_NO } from "../lists/spec.ts";
import type { PageGroup } from "../ui/navigation.ts";
import { Badge, Time } from "../ui/parts.tsx";

const grantShape = z.object({
  id: z.string(),
  clientId: z.string(),
  clientName: z.string().nullable(),
  userId: z.string(),
  userName: z.string(),
  email: z.string(),
  scopes: z.array(z.string()),
  createdAt: z.string(),
  updatedAt: z.string(),
});
type Grant = z.infer<typeof grantShape>;

const grants: ListSpec<Grant> = {
  path: "/admin/applications",
  api: "/oauth-grants",
  shape: grantShape,
  label: "Connected applications",
  usual: "-updatedAt",
  search: "Application or e-mail address",
  idOf: ({ id }) => id,
  columns: [
    { name: "clientName", label: "Application", show: ({ clientName, clientId }) => clientName ?? clientId },
    {
      name: "email",
      label: "Acts for",
      sorts: true,
      show: ({ userId, email }) => <a href={`/admin/people/${userId}`}>{email}</a>,
    },
    {
      name: "scopes",
      label: "May",
      show: ({ scopes }) => scopes.map((scope) => <span class="tag">{scope}</span>),
      plain: ({ scopes }) => scopes.join(" "),
    },
    { name: "createdAt", label: "Since", sorts: true, show: ({ createdAt }) => <Time at={createdAt} /> },
    {
      name: "updatedAt",
      label: "Last allowed",
      sorts: true,
      show: ({ updatedAt }) => <Time at={updatedAt} />,
    },
  ],
  bulk: [
    {
      name: "end",
      label: "Disconnect",
      action: "oauth-grants.end",
      danger: true,
      run: (rest, id) => rest.send("DELETE", `/oauth-grants/${encodeURIComponent(id)}`),
      done: (count) => `${count === 1 ? "One application is" : `${count} applications are`} disconnected.`,
    },
  ],
  empty: {
    title: "No application acts for anybody",
    says: "MCP clients that sign in by OAuth stand here once a person has allowed them.",
  },
};

const clientShape = z.object({
  id: z.string(),
  clientId: z.string(),
  name: z.string().nullable(),
  redirectUris: z.array(z.string()),
  discovery: z.string().nullable(),
  disabled: z.boolean(),
  grants: z.number(),
  createdAt: z.string(),
});
type Client = z.infer<typeof clientShape>;

const setDisabled = (disabled: boolean) => ({
  action: "system.write" as const,
  run: (rest: AdminEnv["Variables"]["rest"], id: string) =>
    rest.send("PATCH", `/system/oauth-clients/${encodeURIComponent(id)}`, {
      json: { disabled },
      ifMatch: "*",
    }),
});

const clients: ListSpec<Client> = {
  path: "/admin/oauth-clients",
  api: "/system/oauth-clients",
  shape: clientShape,
  label: "OAuth clients",
  usual: "-createdAt",
  search: "Name or client id",
  filters: [{ name: "disabled", label: "Shut out", kind: "choice", options: YES_NO }],
  idOf: ({ id }) => id,
  columns: [
    { name: "name", label: "Name", show: ({ name }) => name ?? "nameless" },
    { name: "clientId", label: "Client id", show: ({ clientId }) => <code>{clientId}</code> },
    {
      name: "discovery",
      label: "Known by",
      show: ({ discovery }) => (discovery === null ? "registering itself" : "its document"),
    },
    {
      name: "redirectUris",
      label: "Comes back to",
      show: ({ redirectUris }) => redirectUris.map((uri) => <div class="mono">{uri}</div>),
      plain: ({ redirectUris }) => redirectUris.join(" "),
    },
    {
      name: "disabled",
      label: "State",
      show: ({ disabled }) => (
        <Badge tone={disabled ? "bad" : "good"}>{disabled ? "shut out" : "let in"}</Badge>
      ),
    },
    { name: "grants", label: "People", number: true, show: ({ grants: count }) => count },
    { name: "createdAt", label: "Since", sorts: true, show: ({ createdAt }) => <Time at={createdAt} /> },
  ],
  bulk: [
    {
      name: "out",
      label: "Shut out",
      danger: true,
      ...setDisabled(true),
      done: (count) => `${count === 1 ? "One client is" : `${count} clients are`} shut out.`,
    },
    {
      name: "in",
      label: "Let in",
      ...setDisabled(false),
      done: (count) => `${count === 1 ? "One client is" : `${count} clients are`} let in again.`,
    },
  ],
  empty: { title: "No client yet", says: "Whatever connects by OAuth stands here from its first visit on." },
};

export const applications: PageGroup = {
  nav: [
    {
      section: "People",
      label: "Applications",
      path: grants.path,
      action: "oauth-grants.list",
      also: "oauth clients consents grants connected",
    },
  ],
  routes: new Hono<AdminEnv>().route(
    "/",
    listRoutes<Grant>({
      title: "Applications",
      intro: "What acts for your people because they allowed it.",
      action: "oauth-grants.list",
      list: grants,
    }),
  ),
};

export const oauthClients: PageGroup = {
  nav: [
    {
      section: "System",
      label: "OAuth clients",
      path: clients.path,
      action: "system.read",
      also: "applications",
    },
  ],
  routes: new Hono<AdminEnv>().route(
    "/",
    listRoutes<Client>({
      title: "OAuth clients",
      intro: "Every application that has asked to connect, to whichever organisation.",
      action: "system.read",
      list: clients,
    }),
  ),
};
