// The file as it is written: YAML (or JSON, which is YAML too), and the secrets that it names.
import { parse, YAMLParseError } from "yaml";
import { z } from "zod";
import { Problem } from "../../lib/problem.ts";
import type { Secrets } from "../gateway-client.ts";

const document = z.record(z.string(), z.unknown());

export function readConfiguration(
  text: string,
  environment: Readonly<Record<string, string | undefined>>,
): { document: unknown; secrets: Secrets } {
  const read = parsed(text);
  const secrets = Object.fromEntries(
    [...namesIn(read)].flatMap((name) => {
      const value = environment[name];
      return value === undefined || value === "" ? [] : [[name, value]];
    }),
  );
  return { document: read, secrets };
}

function parsed(text: string): Record<string, unknown> {
  try {
    return document.parse(parse(text, { maxAliasCount: 100 }));
  } catch (error) {
    if (error instanceof YAMLParseError) throw new Problem(`Invalid YAML: ${error.message}`);
    throw new Problem("Not a configuration file: it has no sections. `export` creates one.");
  }
}

/** Only where the file may name one: a value that looks like it is a value. */
function namesIn({ servers, configs, identityProviders }: Record<string, unknown>): Set<string> {
  const auths = itemsOf(servers).map(({ auth }) => document.safeParse(auth).data ?? {});
  const names = [...auths, ...itemsOf(configs), ...itemsOf(identityProviders)].map(({ secret }) => secret);
  return new Set(names.filter((name) => typeof name === "string"));
}

const itemsOf = (section: unknown) => z.array(document).safeParse(section).data ?? [];
