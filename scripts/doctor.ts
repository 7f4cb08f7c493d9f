// `npm run doctor -- [--env NAME] [--url URL] [--json]`: checks an environment, one line per check with the command that mends it.
import { join } from "node:path";
import { parseArgs } from "node:util";
import { type Check, formatCheck, summarize } from "./doctor/check.ts";
import { checkCloudflare, cloudflareAccess } from "./doctor/cloudflare.ts";
import {
  checkConfiguration,
  checkVariables,
  expectedConfiguration,
  readWranglerConfig,
} from "./doctor/configuration.ts";
import { checkDatabase } from "./doctor/database.ts";
import { checkDeployment, type Deployment } from "./doctor/deployment.ts";
import { devDir, projectDir } from "./lib/paths.ts";
import { Problem, runMain } from "./lib/problem.ts";
import { EXIT_USAGE, withUsage } from "./lib/usage.ts";
import { ownDatabaseUrl, withDatabaseUrl } from "./run/dev-database.ts";
import { devSecrets } from "./run/dev-secrets.ts";

const USAGE = `npm run doctor -- [--env development|staging|production] [--url https://gateway.example.com] [--json]

Checks bindings, queues, schedules, secrets, keys, the database, migrations, row-level security, clocks and origins.
Exit code 1 if a check fails. Looks at more with these variables:

  DATABASE_URL                                   the owner's login (or the Worker's) on Postgres
  BETTER_AUTH_SECRET, ENCRYPTION_KEYS            the values that are to become secrets
  CLOUDFLARE_API_TOKEN, CLOUDFLARE_ACCOUNT_ID    read access to Workers Scripts and Queues`;

const DEVELOPMENT = "development";
const ENVIRONMENTS = [DEVELOPMENT, "staging", "production"];

async function main(): Promise<number> {
  const { env, url, json, help } = readArguments(process.argv.slice(2));
  if (!ENVIRONMENTS.includes(env)) throw new Problem(`--env ${env} is unknown.\n${USAGE}`, EXIT_USAGE);
  if (help) {
    console.log(USAGE);
    return 0;
  }
  const checks = await examine(env, url);
  if (json) console.log(JSON.stringify({ environment: env, checks }));
  else for (const line of [...checks.map(formatCheck), "", summarize(checks)]) console.log(line);
  return checks.some(({ state }) => state === "failed") ? 1 : 0;
}

async function examine(env: string, url: string | undefined): Promise<Check[]> {
  const file = join(projectDir, "wrangler.toml");
  const config = readWranglerConfig(file, env);
  const isLocal = env === DEVELOPMENT;
  const found = [
    ...checkConfiguration(config, env, expectedConfiguration(file)),
    checkVariables(config, isLocal ? developmentVariables() : process.env),
    ...(isLocal ? [] : await checkCloudflare(cloudflareAccess(process.env), config, env)),
    ...(await (isLocal ? checkLocalDatabase() : checkDatabase(ownDatabaseUrl(), Date.now))),
  ];
  return [...found, ...(await checkDeployment(deploymentOf(url, isLocal, config.vars.PUBLIC_URL), Date.now))];
}

function developmentVariables(): Record<string, string | undefined> {
  const { authSecret, encryptionKeys } = devSecrets(devDir());
  const local = "postgresql://gateway@localhost/gateway";
  return { BETTER_AUTH_SECRET: authSecret, ENCRYPTION_KEYS: encryptionKeys, DATABASE_URL: local };
}

async function checkLocalDatabase(): Promise<Check[]> {
  const checks: Check[] = [];
  await withDatabaseUrl(async (ownerUrl) => {
    checks.push(...(await checkDatabase(ownerUrl, Date.now)));
  });
  return checks;
}

function deploymentOf(url: string | undefined, isLocal: boolean, publicUrl: unknown): Deployment | undefined {
  if (url === undefined) return undefined;
  return { url, publicUrl: isLocal || typeof publicUrl !== "string" ? undefined : publicUrl };
}

function readArguments(args: string[]) {
  const flag = { type: "boolean", default: false } as const;
  const text = { type: "string" } as const;
  const options = { env: { ...text, default: DEVELOPMENT }, url: text, json: flag, help: flag };
  const { values } = withUsage(USAGE, () => parseArgs({ args, options }));
  if (values.url !== undefined && URL.parse(values.url) === null)
    throw new Problem(`--url ${values.url} is not a URL.\n${USAGE}`, EXIT_USAGE);
  return values;
}

if (import.meta.main) await runMain(main);
