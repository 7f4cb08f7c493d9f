// Where the gateway is and as whom to use it: options of every command, or the environment.
import { Problem } from "../lib/problem.ts";
import { EXIT_USAGE } from "../lib/usage.ts";

export const GATEWAY_OPTIONS = {
  gateway: { type: "string" },
  key: { type: "string" },
} as const;

export const GATEWAY_HELP = `  --gateway URL   URL of the gateway. Default: GATEWAY_URL
  --key KEY       API key. Default: GATEWAY_API_KEY`;

export interface GatewayOptions {
  readonly url: string;
  readonly key: string;
}

export const gatewayUnreachable = (url: string) =>
  new Problem(`Cannot reach ${url}. Check --gateway, or GATEWAY_URL.`);

type Environment = Readonly<Record<string, string | undefined>>;

export function readGatewayOptions(
  values: { readonly gateway?: string | undefined; readonly key?: string | undefined },
  environment: Environment,
): GatewayOptions {
  const url = values.gateway ?? environment.GATEWAY_URL ?? "http://localhost:8787";
  const key = values.key ?? environment.GATEWAY_API_KEY ?? "";
  if (!/^https?:\/\//.test(url) || !URL.canParse(url))
    throw new Problem(`--gateway must be an HTTP URL: ${url}`, EXIT_USAGE);
  if (key === "") throw new Problem("Pass --key, or set GATEWAY_API_KEY to an API key.", EXIT_USAGE);
  return { url, key };
}
