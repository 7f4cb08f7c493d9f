/** The pages of service accounts, the owners of API keys without a user. */
import { z } from "zod";
import { crudPages } from "../crud/crud-pages.tsx";
import { LinkButton } from "../forms/controls.tsx";
import { Badge, Time } from "../ui/components.tsx";

const account = z.object({
  id: z.string(),
  name: z.string(),
  isActive: z.boolean(),
  createdAt: z.string(),
});

export const serviceAccounts = crudPages({
  name: "service-accounts",
  actions: {
    list: "service-accounts.list",
    read: "service-accounts.list",
    create: "service-accounts.create",
    update: "service-accounts.update",
    delete: "service-accounts.delete",
  },
  path: "/admin/members/service-accounts",
  title: "Service accounts",
  noun: "service account",
  intro: "Non-human accounts. Their keys are independent of the member who created them.",
  empty: "Create one per shared program and issue API keys for it.",
  list: {
    shape: account,
    usual: "",
    columns: [
      { name: "name", label: "Account", show: ({ name }) => name },
      {
        name: "isActive",
        label: "Status",
        show: ({ isActive }) => (
          <Badge tone={isActive ? "good" : "off"}>{isActive ? "active" : "disabled"}</Badge>
        ),
      },
      { name: "createdAt", label: "Created", show: ({ createdAt }) => <Time at={createdAt} /> },
    ],
  },
  fields: [
    { name: "name", label: "Name", kind: "text", maxlength: 200 },
    {
      name: "isActive",
      label: "Enabled",
      kind: "yes",
      initial: "yes",
      hint: "When disabled, its keys are rejected.",
      later: true,
    },
  ],
  nameOf: ({ name }) => name,
  destroys: "Its API keys are deleted immediately. Logs are kept.",
  about: () => (
    <p>
      <LinkButton to="/admin/keys/new" kind="quiet">
        Create API key
      </LinkButton>
    </p>
  ),
});
