// What wrangler.toml declares for one environment: bindings, queues, schedules, origins.
import { unstable_readConfig } from "wrangler";
import { z } from "zod";
import { ConfigurationError } from "../../src/core/errors.ts";
import { parseConfig } from "../../src/env.ts";
import { type Check, judge, skipped } from "./check.ts";

const text = z.string();
const wranglerConfig = z.object({
  name: text,
  vars: z.record(text, z.unknown()),
  queues: z.object({
    producers: z.array(z.object({ binding: text, queue: text })).default([]),
    consumers: z.array(z.object({ queue: text, dead_letter_queue: text.optional() })).default([]),
  }),
  durable_objects: z.object({ bindings: z.array(z.object({ name: text, class_name: text })) }),
  migrations: z.array(z.object({ new_sqlite_classes: z.array(text).default([]) })),
  triggers: z.object({ crons: z.array(text).default([]) }),
  routes: z.array(z.union([text, z.object({ pattern: text })])).default([]),
  workers_dev: z.boolean().default(true),
  send_email: z.array(z.object({ name: text })).default([]),
});
export type WranglerConfig = z.output<typeof wranglerConfig>;

/** The top level of the file, unless `env` names an environment. */
export const readWranglerConfig = (config: string, env?: string): WranglerConfig =>
  wranglerConfig.parse(unstable_readConfig({ config, env }));

export const SECRETS = ["DATABASE_URL", "BETTER_AUTH_SECRET", "ENCRYPTION_KEYS"] as const;

/** What every environment declares, whatever its names are. */
export interface Expected {
  readonly crons: readonly string[];
  readonly queues: readonly string[];
  readonly objects: readonly string[];
}

/** As the top level of the file declares it, which the tests compare with the code. */
export function expectedConfiguration(file: string): Expected {
  const { triggers, queues, durable_objects: objects } = readWranglerConfig(file);
  return {
    crons: triggers.crons,
    queues: queues.producers.map(({ binding }) => binding),
    objects: objects.bindings.map(({ name }) => name),
  };
}

export function checkConfiguration(config: WranglerConfig, env: string, expected: Expected): Check[] {
  const origin = String(config.vars.PUBLIC_URL ?? "");
  return [
    checkObjects(config, expected.objects),
    checkQueues(config, expected.queues),
    judge(
      "schedules",
      expected.crons
        .filter((cron) => !config.triggers.crons.includes(cron))
        .map((cron) => `"${cron}" is missing`),
      {
        passed: expected.crons.join(", "),
        fix: `set crons = ${JSON.stringify(expected.crons)} under [env.${env}.triggers] in wrangler.toml`,
      },
    ),
    checkOrigin(origin, env),
    ...(env === "development"
      ? []
      : [checkDomain(config, origin, env), checkMcpOrigin(config, env), checkMail(config, env)]),
  ];
}

function checkObjects(
  { durable_objects: { bindings }, migrations }: WranglerConfig,
  expected: readonly string[],
): Check {
  const made = new Set(migrations.flatMap(({ new_sqlite_classes: classes }) => classes));
  const problems = [
    ...expected
      .filter((name) => !bindings.some((binding) => binding.name === name))
      .map((name) => `${name} is not bound`),
    ...bindings
      .filter(({ class_name: name }) => !made.has(name))
      .map(({ class_name: name }) => `${name} has no migration that creates it`),
  ];
  return judge("Durable Objects", problems, {
    passed: bindings.map(({ name }) => name).join(", "),
    fix: "compare durable_objects.bindings and [[migrations]] in wrangler.toml with those of another environment",
  });
}

function checkQueues(
  { queues: { producers, consumers } }: WranglerConfig,
  expected: readonly string[],
): Check {
  const consumed = new Set(consumers.map(({ queue }) => queue));
  const bound = new Set(producers.map(({ binding }) => binding));
  const problems = [
    ...expected.filter((binding) => !bound.has(binding)).map((binding) => `${binding} is not bound`),
    ...producers.filter(({ queue }) => !consumed.has(queue)).map(({ queue }) => `${queue} has no consumer`),
    ...consumers.flatMap(({ dead_letter_queue: dead }) =>
      dead === undefined || consumed.has(dead) ? [] : [`${dead} has no consumer`],
    ),
    ...(consumers.some(({ dead_letter_queue: dead }) => dead !== undefined) ? [] : ["no dead-letter queue"]),
  ];
  return judge("queues", problems, {
    passed: [...consumed].join(", "),
    fix: "compare [[queues.producers]] and [[queues.consumers]] in wrangler.toml with those of another environment",
  });
}

function checkOrigin(origin: string, env: string): Check {
  const host = URL.parse(origin)?.hostname ?? "";
  const problems = [
    ...(host === "" ? ["PUBLIC_URL is not set"] : []),
    ...(/(^|\.)example\.(com|org|net)$/.test(host) ? [`${origin} is the example's`] : []),
    ...(env === "development" || origin.startsWith("https:") ? [] : ["PUBLIC_URL must be HTTPS"]),
  ];
  return judge("public URL", problems, {
    passed: origin,
    fix: `set PUBLIC_URL under [env.${env}.vars] in wrangler.toml`,
  });
}

const routePattern = (route: WranglerConfig["routes"][number]) =>
  (typeof route === "string" ? route : route.pattern).replace(/^https?:\/\//, "").replace(/\/.*$/, "");

function checkDomain(
  { routes, workers_dev: isOnWorkersDev }: WranglerConfig,
  origin: string,
  env: string,
): Check {
  const host = URL.parse(origin)?.host ?? "";
  const isRouted = routes.some((route) => routePattern(route) === host);
  const isServed = isRouted || (isOnWorkersDev && host.endsWith(".workers.dev"));
  return judge("custom domain", isServed ? [] : [`no route serves ${host}`], {
    passed: host,
    fix: `add [[env.${env}.routes]] with pattern = "${host}" and custom_domain = true to wrangler.toml`,
  });
}

function checkMcpOrigin({ vars }: WranglerConfig, env: string): Check {
  const isSet = vars.MCP_URL !== undefined && vars.MCP_URL !== vars.PUBLIC_URL;
  return judge("MCP origin", isSet ? [] : ["MCP endpoints share their origin with sign-in cookies"], {
    passed: String(vars.MCP_URL),
    fix: `set MCP_URL to a second custom domain under [env.${env}.vars] in wrangler.toml`,
    state: "warning",
  });
}

function checkMail({ send_email: bindings, vars }: WranglerConfig, env: string): Check {
  const problems = [
    ...(bindings.some(({ name }) => name === "EMAIL") ? [] : ["no send_email binding named EMAIL"]),
    ...(vars.MAIL_FROM === undefined ? ["MAIL_FROM is not set"] : []),
  ];
  return judge("mail", problems, {
    passed: String(vars.MAIL_FROM),
    fix: `add [[env.${env}.send_email]] with name = "EMAIL", and MAIL_FROM under [env.${env}.vars]; invitations need mail`,
    state: "warning",
  });
}

/** Judges the values themselves, as the Worker does when it starts. */
export function checkVariables(
  { vars, durable_objects: { bindings }, queues: { producers } }: WranglerConfig,
  environment: Readonly<Record<string, string | undefined>>,
): Check {
  const missing = SECRETS.filter((name) => (environment[name] ?? "") === "");
  if (missing.length === SECRETS.length)
    return skipped(
      "variables",
      "no secret is set here",
      `set ${SECRETS.join(", ")} in the environment to check their values`,
    );
  const secrets = Object.fromEntries(
    Object.entries(environment).filter(
      ([name, value]) => isSecretName(name) && value !== undefined && value !== "",
    ),
  );
  const objects = [...bindings.map(({ name }) => name), ...producers.map(({ binding }) => binding)];
  const bound = Object.fromEntries(objects.map((name) => [name, {}]));
  return judge("variables", configurationIssues({ ...bound, ...vars, ...secrets }), {
    passed: "the Worker accepts them",
    fix: "openssl rand -base64 32 makes a secret; docs/guides/deploy.md lists every variable",
  });
}

const isSecretName = (name: string) =>
  SECRETS.some((secret) => secret === name) ||
  /^DATABASE_(READ|ANALYTICS)_URL$|_CLIENT_(ID|SECRET)$/.test(name);

function configurationIssues(bindings: Record<string, unknown>): string[] {
  try {
    parseConfig(bindings);
    return [];
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error;
    return error.issues.map(({ variable, message }) => `${variable} ${message}`);
  }
}
