// What a running gateway answers: whether it is up, reaches its database, has the right time and the right origin.
import { z } from "zod";
import { type Check, judge, judgeClock, skipped } from "./check.ts";

const TIMEOUT_MS = 15_000;
/** Of a Date header, which has whole seconds and the time of the way. */
const MAX_CLOCK_DIFFERENCE_MS = 10_000;

const ready = z.object({ status: z.string(), database: z.object({ ms: z.number() }).optional() });
const metadata = z.object({ issuer: z.string() });

export interface Deployment {
  readonly url: string;
  /** Undefined: any origin will do. */
  readonly publicUrl: string | undefined;
}

export async function checkDeployment(
  deployment: Deployment | undefined,
  now: () => number,
): Promise<Check[]> {
  if (deployment === undefined)
    return [skipped("running gateway", "no URL", "npm run doctor -- --url https://<your origin>")];
  const { url, publicUrl } = deployment;
  const health = await load(url, "/healthz");
  if ("failure" in health)
    return [
      {
        ...{ name: "running gateway", state: "failed", detail: `${url} ${health.failure}` },
        fix: "deploy it (npm run deploy), or correct --url; wrangler tail shows errors of the first request",
      },
    ];
  const [database, issuer] = await Promise.all([
    load(url, "/readyz"),
    load(url, "/.well-known/oauth-authorization-server"),
  ]);
  return [
    { name: "running gateway", state: "ok", detail: url },
    judgeReady(database),
    judgeIssuer(issuer, publicUrl ?? url),
    judgeDate(health.date, now()),
  ];
}

type Answer = { readonly body: unknown; readonly date: string | null } | { readonly failure: string };

async function load(url: string, path: string): Promise<Answer> {
  try {
    const response = await fetch(new URL(path, url), { signal: AbortSignal.timeout(TIMEOUT_MS) });
    if (!response.ok) return { failure: `returns HTTP ${response.status} for ${path}` };
    return { body: await response.json(), date: response.headers.get("date") };
  } catch (error) {
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
    return { failure: `does not answer (${cause instanceof Error ? cause.message : String(cause)})` };
  }
}

function judgeReady(answer: Answer): Check {
  const parsed = "failure" in answer ? undefined : ready.safeParse(answer.body).data;
  const problem =
    "failure" in answer ? answer.failure : parsed?.status === "ok" ? undefined : "/readyz does not report ok";
  return judge("gateway's database", problem === undefined ? [] : [problem], {
    passed: `answers in ${parsed?.database?.ms ?? 0} ms`,
    fix: "check the secret DATABASE_URL and the migrations (DATABASE_URL='<owner>' npm run db:migrate)",
  });
}

function judgeIssuer(answer: Answer, publicUrl: string): Check {
  const issuer = "failure" in answer ? answer.failure : metadata.safeParse(answer.body).data?.issuer;
  const isSame = issuer !== undefined && URL.parse(issuer)?.origin === URL.parse(publicUrl)?.origin;
  return judge(
    "public URL of the gateway",
    isSame ? [] : [`OAuth issuer is ${issuer ?? "missing"}, not ${publicUrl}`],
    {
      passed: publicUrl,
      fix: "set PUBLIC_URL in wrangler.toml to the origin that clients use, and deploy",
    },
  );
}

function judgeDate(date: string | null, now: number): Check {
  const name = "gateway's clock";
  // Cloudflare's proxy adds the header, the runtime by itself does not.
  if (date === null) return skipped(name, "no Date header", "use the URL that clients use");
  return judgeClock(name, Date.parse(date) - now, MAX_CLOCK_DIFFERENCE_MS);
}
