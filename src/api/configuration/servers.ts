/**
 * Servers in the configuration file. Their secrets are read from environment variables of the CLI, whose names are in
 * the file.
 */
import { z } from "zod";
import type { ItemContent } from "../../core/configuration/match-items.ts";
import { AUTH_TYPES, isObtained, TRANSPORTS } from "../../core/enums.ts";
import type { Keyring } from "../../core/keyring.ts";
import { CLIENT_KEY_ALGORITHMS } from "../../core/oauth-client/client-registration.ts";
import { PROVIDERS, TOKEN_EXCHANGE_FORMS } from "../../core/oauth-client/providers.ts";
import type { CrudRow } from "../../db/queries/shared/crud.ts";
import { type SealedAuthConfig, mcpServers as table } from "../../db/schema/registry.ts";
import { credentialHeader } from "../../upstream/credentials.ts";
import type { Credentials } from "../../upstream/credentials-schema.ts";
import { omitUndefined } from "../http/omit-undefined.ts";
import type { ApiContext } from "../resource/scope.ts";
import { selectColumns } from "../resource/shape.ts";
import { isOtherOrigin, sealCredential, urlFault } from "../servers/credentials.ts";
import { newServer } from "../servers/schemas.ts";
import {
  type AccountAuthItem,
  accountAuthItems,
  readAccountAuth,
  secretReference,
  writeAccountAuth,
} from "./account-auth.ts";
import { completed, listIssues, type SecretReading, type Secrets, type Section, toItem } from "./section.ts";

const { auth: _, evenIfRegistered: __, discover: ___, ...shape } = newServer.shape;
const plain = z.strictObject(shape);
const fields = Object.keys(shape);
const columns = selectColumns(table, ["healthRecent"]);

/** What is no secret of a credential, and the name of the variable that holds the rest. */
const authItem = z.discriminatedUnion("type", [
  ...accountAuthItems,
  z.strictObject({ type: z.literal("bearer"), secret: secretReference }),
  z.strictObject({ type: z.literal("basic"), username: z.string().max(255), secret: secretReference }),
  z.strictObject({ type: z.literal("header"), name: z.string().max(100), secret: secretReference }),
]);
type SharedAuthItem = Exclude<z.output<typeof authItem>, AccountAuthItem>;

const storedAuth = z.object({
  type: z.enum(AUTH_TYPES),
  headerName: z.string().optional(),
  issuer: z.string().optional(),
  clientId: z.string().optional(),
  scopes: z.array(z.string()).optional(),
  tokenUrl: z.string().optional(),
  keyAlgorithm: z.enum(CLIENT_KEY_ALGORITHMS).optional(),
  keyId: z.string().optional(),
  provider: z.enum(PROVIDERS).optional(),
  audience: z.string().optional(),
  exchange: z.enum(TOKEN_EXCHANGE_FORMS).optional(),
  sealed: z.string().optional(),
  reference: z.string().optional(),
});
const stored = z.object({
  id: z.string(),
  name: z.string(),
  endpointUrl: z.string(),
  authConfig: storedAuth,
});

const toConfig = ({ type, ...rest }: z.output<typeof storedAuth>): SealedAuthConfig => ({
  ...omitUndefined(rest),
  type,
});

const item = z.looseObject({ auth: authItem.optional() });

const usualReference = (name: string) =>
  `${name
    .toUpperCase()
    .replace(/[^A-Z0-9]/g, "_")
    .replace(/^(?=\d)/, "_")}_SECRET`;

async function headerOf(
  keyring: Keyring,
  { id, authConfig }: Pick<z.output<typeof stored>, "id" | "authConfig">,
) {
  const { type, sealed } = authConfig;
  const header = await credentialHeader(keyring, id, { type, ...(sealed !== undefined && { sealed }) });
  return header === "unreadable" ? undefined : header;
}

async function authOf(c: ApiContext, row: CrudRow): Promise<ItemContent | undefined> {
  const server = stored.parse(row);
  const { type, reference = usualReference(server.name) } = server.authConfig;
  if (type === "none") return undefined;
  if (isObtained(type)) return writeAccountAuth(toConfig(server.authConfig), reference);
  if (type === "bearer") return { type, secret: reference };
  const [name = "", value = ""] = (await headerOf(c.var.services.keyring, server)) ?? [];
  if (type === "header") return { type, name, secret: reference };
  const decoded = new TextDecoder().decode(
    Uint8Array.from(atob(value.slice("Basic ".length)), (char) => char.charCodeAt(0)),
  );
  return { type, username: decoded.slice(0, Math.max(decoded.indexOf(":"), 0)), secret: reference };
}

function credentialsOf(auth: SharedAuthItem, text: string): Credentials {
  switch (auth.type) {
    case "bearer":
      return { type: "bearer", token: text };
    case "basic":
      return { type: "basic", username: auth.username, password: text };
    case "header":
      return { type: "header", name: auth.name, value: text };
  }
}

const isAccountAuth = (auth: AccountAuthItem | SharedAuthItem): auth is AccountAuthItem =>
  isObtained(auth.type);

async function secretOf(
  c: ApiContext,
  row: CrudRow,
  secrets: Secrets,
  before: CrudRow | undefined,
): Promise<SecretReading> {
  const { keyring } = c.var.services;
  const { auth } = item.parse(row);
  const { id } = z.object({ id: z.string() }).parse(row);
  const known = before === undefined ? undefined : stored.parse(before);
  if (auth === undefined) return { values: { authConfig: { type: "none" } }, isNew: false };
  if (isAccountAuth(auth)) {
    const config = known && toConfig(known.authConfig);
    return readAccountAuth(keyring, { id, before: config }, auth, secrets);
  }
  const text = secrets[auth.secret];
  if (text === undefined) {
    if (known?.authConfig.type !== auth.type) {
      return {
        fault: { path: "/auth/secret", message: `needs a value: set ${auth.secret} where you apply this` },
      };
    }
    if (isOtherOrigin(known.endpointUrl, String(row.endpointUrl))) {
      return {
        fault: {
          path: "/auth/secret",
          message: `needs a value, because the URL moves to another origin: set ${auth.secret} where you apply this`,
        },
      };
    }
    return { values: { authConfig: { ...known.authConfig, reference: auth.secret } }, isNew: false };
  }
  const authConfig = await sealCredential(keyring, id, {
    ...credentialsOf(auth, text),
    reference: auth.secret,
  });
  const [before_, after] = [
    known && (await headerOf(keyring, known)),
    await headerOf(keyring, { id, authConfig }),
  ];
  if (after === undefined)
    return { fault: { path: "/auth/secret", message: `${auth.secret} holds no credential of that type` } };
  const isNew = before_?.join("\n") !== after.join("\n");
  return {
    values: {
      authConfig: isNew || known === undefined ? authConfig : { ...known.authConfig, reference: auth.secret },
    },
    isNew,
  };
}

export const serversSection: Section = {
  name: "servers",
  noun: "server",
  action: "servers",
  table,
  columns,
  hooks: {},
  isUnique: true,
  identityOf: ({ name }) => String(name),
  async write(c, row, names) {
    const auth = await authOf(c, row);
    return { ...toItem(row, fields, columns, names), ...(auth !== undefined && { auth }) };
  },
  contentOf({ auth, ...values }, names) {
    return { ...toItem(values, fields, columns, names), ...(auth !== undefined && { auth }) };
  },
  async read(_, { auth, ...row }) {
    const [parsed, proof] = [plain.safeParse(row), authItem.optional().safeParse(auth)];
    const issues = [
      ...listIssues(parsed.error),
      ...listIssues(proof.error).map(({ path, message }) => ({
        path: `/auth${path === "/" ? "" : path}`,
        message,
      })),
    ];
    if (!parsed.success || !proof.success) return { faults: issues };
    const values = completed(parsed.data, fields, columns);
    return { values: { ...values, ...(proof.data !== undefined && { auth: proof.data }) } };
  },
  secret: secretOf,
};

/** Checked by the URL policy of the environment, which is not available to a schema. */
export function findAddressFault(c: ApiContext, values: CrudRow): string | undefined {
  const { endpointUrl, transportType } = z
    .object({ endpointUrl: z.string(), transportType: z.enum(TRANSPORTS) })
    .parse(values);
  return urlFault(endpointUrl, transportType, c.var.services.upstream.urlPolicy);
}
