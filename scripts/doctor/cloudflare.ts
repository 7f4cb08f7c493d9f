// What the Cloudflare account holds for a Worker, over Cloudflare's REST API: the Worker, its secrets, queues and schedules.
import { z } from "zod";
import { type Check, judge, skipped } from "./check.ts";
import { SECRETS, type WranglerConfig } from "./configuration.ts";

const API = "https://api.cloudflare.com/client/v4";
const TIMEOUT_MS = 15_000;
/** The largest page of the list of queues. */
const QUEUES_PER_PAGE = 100;

export interface CloudflareAccess {
  readonly token: string;
  readonly account: string;
  readonly api: string;
}

export function cloudflareAccess(
  environment: Readonly<Record<string, string | undefined>>,
): CloudflareAccess | undefined {
  const {
    CLOUDFLARE_API_TOKEN: token,
    CLOUDFLARE_ACCOUNT_ID: account,
    CLOUDFLARE_API_BASE_URL: api = API,
  } = environment;
  return token && account ? { token, account, api } : undefined;
}

const secretList = z.array(z.object({ name: z.string() }));
const queueList = z.array(z.object({ queue_name: z.string() }));
const scheduleList = z.object({ schedules: z.array(z.object({ cron: z.string() })) });
const envelope = z.object({
  result: z.unknown(),
  errors: z.array(z.object({ message: z.string() })).default([]),
});

/** A refused request, with Cloudflare's own words. */
class Refused extends Error {
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

async function get<T>(
  { api, account, token }: CloudflareAccess,
  path: string,
  shape: z.ZodType<T>,
): Promise<T> {
  const response = await fetch(`${api}/accounts/${account}${path}`, {
    headers: { authorization: `Bearer ${token}` },
    signal: AbortSignal.timeout(TIMEOUT_MS),
  });
  const { result, errors } = envelope.parse(await response.json());
  if (response.ok) return shape.parse(result);
  throw new Refused(
    response.status,
    errors.map(({ message }) => message).join("; ") || `HTTP ${response.status}`,
  );
}

export async function checkCloudflare(
  access: CloudflareAccess | undefined,
  config: WranglerConfig,
  env: string,
): Promise<Check[]> {
  if (access === undefined)
    return [
      skipped(
        "Cloudflare account",
        "no access from here",
        "set CLOUDFLARE_API_TOKEN (Workers Scripts and Queues: read) and CLOUDFLARE_ACCOUNT_ID",
      ),
    ];
  const worker = `/workers/scripts/${config.name}`;
  return Promise.all([
    attempt("secrets", async () => {
      const held = new Set((await get(access, `${worker}/secrets`, secretList)).map(({ name }) => name));
      const missing = SECRETS.filter((name) => !held.has(name));
      return judge(
        "secrets",
        missing.map((name) => `${name} is missing`),
        {
          passed: SECRETS.join(", "),
          fix: missing.map((name) => `npx wrangler secret put ${name} --env ${env}`).join("; "),
        },
      );
    }),
    attempt("account queues", async () => {
      const held = new Set(
        (await get(access, `/queues?per_page=${QUEUES_PER_PAGE}`, queueList)).map(
          ({ queue_name: name }) => name,
        ),
      );
      const missing = queueNames(config).filter((name) => !held.has(name));
      return judge(
        "account queues",
        missing.map((name) => `${name} is missing`),
        {
          passed: queueNames(config).join(", "),
          fix: missing.map((name) => `npx wrangler queues create ${name}`).join("; "),
        },
      );
    }),
    attempt("deployed schedules", async () => {
      const { schedules } = await get(access, `${worker}/schedules`, scheduleList);
      const held = new Set(schedules.map(({ cron }) => cron));
      const missing = config.triggers.crons.filter((cron) => !held.has(cron));
      return judge(
        "deployed schedules",
        missing.map((cron) => `"${cron}" is missing`),
        {
          passed: [...held].join(", "),
          fix: `npm run deploy -- --env ${env}`,
        },
      );
    }),
  ]);

  async function attempt(name: string, check: () => Promise<Check>): Promise<Check> {
    try {
      return await check();
    } catch (error) {
      const isMissing = error instanceof Refused && error.status === 404;
      return {
        name,
        state: "failed",
        detail: error instanceof Error ? error.message : String(error),
        fix: isMissing
          ? `npm run deploy -- --env ${env}`
          : "check CLOUDFLARE_API_TOKEN and CLOUDFLARE_ACCOUNT_ID",
      };
    }
  }
}

export const queueNames = ({ queues: { producers, consumers } }: WranglerConfig): string[] => [
  ...new Set([...producers.map(({ queue }) => queue), ...consumers.map(({ queue }) => queue)]),
];
