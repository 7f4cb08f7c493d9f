/** Accounts of programs: who keys belong to that belong to nobody in particular. */
import { z } from "zod";
import { LinkButton } from "../forms/parts.tsx";
import { managed } from "../managed/collection.tsx";
import { Badge, Time } from "../ui/parts.tsx";

const account = z.object({
  id: z.string(),
  name: z.string(),
  isActive: z.boolean(),
  createdAt: z.string(),
});

export const serviceAccounts = managed({
  name: "service-accounts",
  actions: {
    list: "service-accounts.list",
    read: "service-accounts.list",
    create: "service-accounts.create",
    update: "service-accounts.update",
    delete: "service-accounts.delete",
  },
  section: "People",
  title: "Service accounts",
  noun: "service account",
  intro: "Accounts of programs. Their keys outlive whoever made them.",
  also: "robot machine ci keys",
  empty: "Make one for each program that is nobody's in particular, and give it keys.",
  list: {
    shape: account,
    usual: "",
    columns: [
      { name: "name", label: "Account", show: ({ name }) => name },
      {
        name: "isActive",
        label: "State",
        show: ({ isActive }) => (
          <Badge tone={isActive ? "good" : "off"}>{isActive ? "works" : "switched off"}</Badge>
        ),
      },
      { name: "createdAt", label: "Made", show: ({ createdAt }) => <Time at={createdAt} /> },
    ],
  },
  fields: [
    { name: "name", label: "Name", kind: "text", maxlength: 200 },
    {
      name: "isActive",
      label: "Switched on",
      kind: "yes",
      initial: "yes",
      hint: "Switched off, none of its keys works.",
      later: true,
    },
  ],
  nameOf: ({ name }) => name,
  destroys: "All its keys are refused at once and go with it. What it did stays in the logs.",
  about: () => (
    <p>
      <LinkButton to="/admin/keys/new" kind="quiet">
        Make a key for it
      </LinkButton>
    </p>
  ),
});
