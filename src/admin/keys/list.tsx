/** The list of API keys: one's own, and all of them for admins. */
import { short } from "../charts/scale.ts";
import { LinkButton } from "../forms/controls.tsx";
import { listRoutes, may } from "../lists/routes.tsx";
import { memberOptions } from "../lookups/choices.ts";
import { loadNames, RecordLink } from "../lookups/record-names.tsx";
import { Badge, Time } from "../ui/components.tsx";
import { KEYS, type KeyView, keyState, keyView } from "./key.ts";

export const State = ({ of }: { of: KeyView }) => {
  const [tone, word] = keyState(of, Date.now());
  return <Badge tone={tone}>{word}</Badge>;
};

export const list = listRoutes<KeyView>({
  title: "API keys",
  intro: "Credentials for programs and for MCP clients without OAuth.",
  action: "keys.list",
  list: {
    path: KEYS,
    api: "/keys",
    label: "API keys",
    shape: keyView,
    usual: "",
    search: "Name or prefix",
    filters: [
      {
        name: "active",
        label: "Status",
        kind: "choice",
        options: [
          { value: "true", label: "Active" },
          { value: "false", label: "Inactive" },
        ],
        ...{ initial: "true", all: "all" },
      },
      { name: "userId", label: "Owner", kind: "choice", options: memberOptions },
    ],
    async complete(rest, rows) {
      const nameOf = await loadNames(rest, { user: rows.map(({ userId }) => userId) });
      return rows.map((row) => ({ ...row, ownerName: nameOf("user", row.userId) }));
    },
    columns: [
      { name: "name", label: "Key", show: ({ name }) => name },
      {
        ...{ name: "ownerName", label: "Owner" },
        show: ({ userId, ownerName }) => (
          <RecordLink kind="user" id={userId} name={ownerName} none="No owner" />
        ),
        plain: ({ userId, ownerName }) => ownerName ?? userId,
      },
      { name: "keyPrefix", label: "Prefix", show: ({ keyPrefix }) => <code>{keyPrefix}</code> },
      {
        name: "scopes",
        label: "Scopes",
        show: ({ scopes }) => scopes.map((scope) => <span class="tag">{scope}</span>),
        plain: ({ scopes }) => scopes.join(" "),
      },
      {
        name: "isActive",
        label: "Status",
        show: (key) => <State of={key} />,
        plain: (key) => keyState(key, Date.now())[1],
      },
      {
        name: "totalRequests",
        label: "Requests",
        number: true,
        show: ({ totalRequests }) => short(totalRequests),
      },
      { name: "lastUsed", label: "Last used", show: ({ lastUsed }) => <Time at={lastUsed} /> },
      {
        name: "expiresAt",
        label: "Expires",
        show: ({ expiresAt }) => <Time at={expiresAt} none="Never" />,
      },
    ],
    rowPath: ({ id }) => `${KEYS}/${id}`,
    empty: {
      title: "No API keys yet",
      says: "Create one key per program so that each can be revoked separately.",
    },
  },
  actions: (c) => may(c, "keys.create") && <LinkButton to={`${KEYS}/new`}>Create API key</LinkButton>,
});
