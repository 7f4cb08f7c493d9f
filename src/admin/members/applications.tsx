/** The connected applications of members, and for operators all OAuth clients. */
import { Hono } from "hono";
import { z } from "zod";
import type { AdminEnv } from "../http/page-env.ts";
import { listRoutes } from "../lists/routes.tsx";
import { type ListSpec, YES_NO } from "../lists/spec.ts";
import { Badge, Time } from "../ui/components.tsx";

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
  search: "Application or email",
  idOf: ({ id }) => id,
  columns: [
    { name: "clientName", label: "Application", show: ({ clientName, clientId }) => clientName ?? clientId },
    {
      name: "email",
      label: "User",
      sorts: true,
      show: ({ userId, email }) => <a href={`/admin/members/${userId}`}>{email}</a>,
    },
    {
      name: "scopes",
      label: "Scopes",
      show: ({ scopes }) => scopes.map((scope) => <span class="tag">{scope}</span>),
      plain: ({ scopes }) => scopes.join(" "),
    },
    { name: "createdAt", label: "Created", sorts: true, show: ({ createdAt }) => <Time at={createdAt} /> },
    {
      name: "updatedAt",
      label: "Last authorized",
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
      done: (count) => `${count === 1 ? "1 application" : `${count} applications`} disconnected.`,
    },
  ],
  empty: {
    title: "No connected applications",
    says: "OAuth clients appear here after a user authorizes them.",
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
  path: "/admin/applications/clients",
  api: "/system/oauth-clients",
  shape: clientShape,
  label: "OAuth clients",
  usual: "-createdAt",
  search: "Name or client ID",
  filters: [{ name: "disabled", label: "Blocked", kind: "choice", options: YES_NO }],
  idOf: ({ id }) => id,
  columns: [
    { name: "name", label: "Name", show: ({ name }) => name ?? "(unnamed)" },
    { name: "clientId", label: "Client ID", show: ({ clientId }) => <code>{clientId}</code> },
    {
      name: "discovery",
      label: "Registration",
      show: ({ discovery }) => (discovery === null ? "Dynamic" : "Metadata document"),
    },
    {
      name: "redirectUris",
      label: "Redirect URIs",
      show: ({ redirectUris }) => redirectUris.map((uri) => <div class="mono">{uri}</div>),
      plain: ({ redirectUris }) => redirectUris.join(" "),
    },
    {
      name: "disabled",
      label: "Status",
      show: ({ disabled }) => (
        <Badge tone={disabled ? "bad" : "good"}>{disabled ? "Blocked" : "Allowed"}</Badge>
      ),
    },
    { name: "grants", label: "Users", number: true, show: ({ grants: count }) => count },
    { name: "createdAt", label: "Created", sorts: true, show: ({ createdAt }) => <Time at={createdAt} /> },
  ],
  bulk: [
    {
      name: "out",
      label: "Block",
      danger: true,
      ...setDisabled(true),
      done: (count) => `${count === 1 ? "1 client" : `${count} clients`} blocked.`,
    },
    {
      name: "in",
      label: "Unblock",
      ...setDisabled(false),
      done: (count) => `${count === 1 ? "1 client" : `${count} clients`} unblocked.`,
    },
  ],
  empty: { title: "No OAuth clients yet", says: "OAuth clients appear here after their first request." },
};

export const applications = new Hono<AdminEnv>().route(
  "/",
  listRoutes<Grant>({
    title: "Connected applications",
    intro: "Applications that members have authorized.",
    action: "oauth-grants.list",
    list: grants,
  }),
);

export const oauthClients = new Hono<AdminEnv>().route(
  "/",
  listRoutes<Client>({
    title: "OAuth clients",
    intro: "OAuth clients of all organizations.",
    action: "system.read",
    list: clients,
  }),
);
