/**
 * The identity providers of the configuration file. A client secret stands as `secret: NAME`: of the variable that holds
 * it where the file is applied.
 */
import { z } from "zod";
import { canonicalJson } from "../../core/mcp/canonical-json.ts";
import { identityProviders as table } from "../../db/schema/identity-providers.ts";
import { openClientSecret } from "../../identity/sso/client-secret.ts";
import { selectColumns } from "../resource/shape.ts";
import { identityProviders } from "../resources/identity-providers.ts";
import { createSection, type Section } from "./section.ts";

const plain = createSection(identityProviders, ["name", "issuer"]);
const stored = z.object({ id: z.string(), clientSecret: z.string().nullish() });
const named = z.object({ name: z.string(), id: z.string(), secret: z.string().optional() });
const variable = z.string().regex(/^[A-Za-z_][A-Za-z0-9_]{0,199}$/);

const secretName = (name: string) => `IDENTITY_PROVIDER_${name.toUpperCase().replace(/[^A-Z0-9]/g, "_")}`;

export const identityProvidersSection: Section = {
  ...plain,
  columns: selectColumns(table),
  identityOf: ({ name, issuer }) => canonicalJson([name, issuer]),
  async write(c, row, names) {
    const { clientSecret, ...content } = await plain.write(c, row, names);
    const hasSecret = typeof row.secret === "string" || clientSecret !== undefined;
    return hasSecret ? { ...content, secret: secretName(String(content.name)) } : content;
  },
  async read(look, { secret, clientSecret, ...item }, names) {
    if (clientSecret !== undefined) {
      return { faults: [{ path: "/clientSecret", message: "belongs into a variable: name it in `secret`" }] };
    }
    if (secret !== undefined && !variable.safeParse(secret).success) {
      return { faults: [{ path: "/secret", message: "must be an environment variable name" }] };
    }
    const reading = await plain.read(look, item, names);
    if ("faults" in reading || secret === undefined) return reading;
    const { clientSecret: _, ...values } = reading.values;
    return { values: { ...values, secret } };
  },
  async secret(c, item, secrets, before) {
    const { secret, name } = named.parse(item);
    if (secret === undefined) return { values: {}, isNew: false };
    const known = before === undefined ? undefined : stored.parse(before);
    const sealed = known?.clientSecret ?? undefined;
    const value = secrets[secret];
    if (value === undefined) {
      if (sealed !== undefined) return { values: {}, isNew: false };
      const message = `needs a value for ${name}: set ${secret} where you apply this`;
      return { fault: { path: "/secret", message } };
    }
    const open = known && sealed && (await openClientSecret(c.var.services.keyring, known.id, sealed));
    return open === value ? { values: {}, isNew: false } : { values: { clientSecret: value }, isNew: true };
  },
};
