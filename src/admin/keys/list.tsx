/** The list of API keys: one's own, and all of them for admins. */
import { short } from "../charts/scale.ts";
import { LinkButton } from "../forms/parts.tsx";
import { listRoutes, may } from "../lists/routes.tsx";
import { Badge, Time } from "../ui/parts.tsx";
import { KEYS, type KeyView, keyView, stateOf } from "./key.ts";

export const State = ({ of }: { of: KeyView }) => {
  const [tone, word] = stateOf(of, Date.now());
  return <Badge tone={tone}>{word}</Badge>;
};

export const list = listRoutes<KeyView>({
  title: "API keys",
  intro: "For programs, and for MCP clients that cannot sign in by themselves.",
  action: "keys.list",
  list: {
    path: KEYS,
    api: "/keys",
    label: "API keys",
    shape: keyView,
    usual: "",
    filters: [
      {
        name: "active",
        label: "Show",
        kind: "choice",
        options: [{ value: "false", label: "Those that no longer work" }],
      },
    ],
    columns: [
      { name: "name", label: "Key", show: ({ name }) => name },
      { name: "keyPrefix", label: "Begins with", show: ({ keyPrefix }) => <code>{keyPrefix}</code> },
      {
        name: "scopes",
        label: "May",
        show: ({ scopes }) => scopes.map((scope) => <span class="tag">{scope}</span>),
        plain: ({ scopes }) => scopes.join(" "),
      },
      {
        name: "isActive",
        label: "State",
        show: (key) => <State of={key} />,
        plain: (key) => stateOf(key, Date.now())[1],
      },
      {
        name: "totalRequests",
        label: "Requests",
        number: true,
        show: ({ totalRequests }) => short(totalRequests),
      },
      { name: "lastUsed", label: "Last used", show: ({ lastUsed }) => <Time at={lastUsed} /> },
      { name: "expiresAt", label: "Until", show: ({ expiresAt }) => <Time at={expiresAt} none="revoked" /> },
    ],
    rowPath: ({ id }) => `${KEYS}/${id}`,
    empty: {
      title: "No keys yet",
      says: "Make one for each program, so that each can be revoked by itself.",
    },
  },
  actions: (c) => may(c, "keys.create") && <LinkButton to={`${KEYS}/new`}>New key</LinkButton>,
});
