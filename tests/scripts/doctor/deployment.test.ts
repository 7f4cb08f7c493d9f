// `npm run doctor` against a running gateway, and against a stand-in of Cloudflare's REST API.
import { createServer, type IncomingMessage } from "node:http";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { checkCloudflare, cloudflareAccess, queueNames } from "../../../scripts/doctor/cloudflare.ts";
import { readWranglerConfig } from "../../../scripts/doctor/configuration.ts";
import { checkDeployment } from "../../../scripts/doctor/deployment.ts";
import { projectDir } from "../../../scripts/lib/paths.ts";
import { freePort } from "../../../scripts/lib/ports.ts";
import { databaseOfThisRun, startGateway, type TestGateway } from "../../fixtures/gateway.ts";

const NOON = Date.UTC(2026, 5, 1, 12);
const config = readWranglerConfig(join(projectDir, "wrangler.toml"), "production");

type Answer = { readonly status?: number; readonly headers?: Record<string, string>; readonly body: unknown };
const stops: (() => void)[] = [];
afterEach(() => {
  for (const stop of stops.splice(0)) stop();
});

async function serve(answer: (request: IncomingMessage) => Answer): Promise<string> {
  const server = createServer((request, response) => {
    const { status = 200, headers, body } = answer(request);
    response.writeHead(status, { "content-type": "application/json", ...headers }).end(JSON.stringify(body));
  });
  const port = await freePort();
  await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
  stops.push(() => server.close().closeAllConnections());
  return `http://127.0.0.1:${port}`;
}

describe("a running gateway", () => {
  let gateway: TestGateway;
  beforeAll(async () => {
    gateway = await startGateway(databaseOfThisRun());
  });
  afterAll(() => gateway?.close());

  it("passes", async () => {
    const checks = await checkDeployment({ url: gateway.url, publicUrl: undefined }, Date.now);
    expect(checks.map(({ name, state }) => [name, state])).toEqual([
      ["running gateway", "ok"],
      ["gateway's database", "ok"],
      ["public URL of the gateway", "ok"],
      // No proxy in front of the runtime that would set the Date header.
      ["gateway's clock", "skipped"],
    ]);
  });

  it("fails with another origin than the configured one", async () => {
    const checks = await checkDeployment(
      { url: gateway.url, publicUrl: "https://gateway.acme.dev" },
      Date.now,
    );
    expect(checks[2]).toMatchObject({
      state: "failed",
      detail: expect.stringContaining("not https://gateway.acme.dev"),
    });
  });
});

describe("a gateway in trouble", () => {
  it("does not answer", async () => {
    const checks = await checkDeployment(
      { url: `http://127.0.0.1:${await freePort()}`, publicUrl: undefined },
      Date.now,
    );
    expect(checks).toMatchObject([{ state: "failed", detail: expect.stringContaining("does not answer") }]);
  });

  it("has no database, another issuer and a wrong clock", async () => {
    const url = await serve(({ url: path }) =>
      path === "/readyz"
        ? { status: 503, body: {} }
        : {
            headers: { date: new Date(NOON - 3_600_000).toUTCString() },
            body: { status: "ok", issuer: "https://other.example" },
          },
    );
    const checks = await checkDeployment({ url, publicUrl: undefined }, () => NOON);
    expect(checks.map(({ state }) => state)).toEqual(["ok", "failed", "failed", "failed"]);
    expect(checks.map(({ detail }) => detail).join("\n")).toMatch(
      /HTTP 503[\s\S]*other\.example[\s\S]*-3600 s ahead/,
    );
  });
});

describe("the Cloudflare account", () => {
  const account = (results: Readonly<Record<string, Answer>>) =>
    serve(({ url = "", headers: { authorization } }) => {
      if (authorization !== "Bearer token")
        return { status: 403, body: { result: null, errors: [{ message: "Authentication error" }] } };
      const path = url.replace(/^\/accounts\/acc/, "").replace(/\?.*/, "");
      return results[path] ?? { status: 404, body: { result: null, errors: [{ message: "Not found" }] } };
    });
  const examine = async (api: string, token = "token") =>
    checkCloudflare(
      cloudflareAccess({
        CLOUDFLARE_API_TOKEN: token,
        CLOUDFLARE_ACCOUNT_ID: "acc",
        CLOUDFLARE_API_BASE_URL: api,
      }),
      config,
      "production",
    );
  const worker = "/workers/scripts/mcp-registry-gateway";
  const queues = { body: { result: queueNames(config).map((queue_name) => ({ queue_name })) } };
  const schedules = { body: { result: { schedules: config.triggers.crons.map((cron) => ({ cron })) } } };
  const secrets = {
    body: { result: ["DATABASE_URL", "BETTER_AUTH_SECRET", "ENCRYPTION_KEYS"].map((name) => ({ name })) },
  };

  it("passes when it holds all", async () => {
    const api = await account({
      [`${worker}/secrets`]: secrets,
      "/queues": queues,
      [`${worker}/schedules`]: schedules,
    });
    expect((await examine(api)).map(({ state }) => state)).toEqual(["ok", "ok", "ok"]);
  });

  it("names missing secrets, queues and schedules with the commands that make them", async () => {
    const api = await account({
      [`${worker}/secrets`]: { body: { result: [{ name: "DATABASE_URL" }] } },
      "/queues": { body: { result: [{ queue_name: "mcp-gateway-events" }] } },
      [`${worker}/schedules`]: { body: { result: { schedules: [] } } },
    });
    expect(await examine(api)).toMatchObject([
      {
        state: "failed",
        fix: "npx wrangler secret put BETTER_AUTH_SECRET --env production; npx wrangler secret put ENCRYPTION_KEYS --env production",
      },
      { state: "failed", fix: expect.stringContaining("npx wrangler queues create mcp-gateway-events-dead") },
      { state: "failed", fix: "npm run deploy -- --env production" },
    ]);
  });

  it("reports that the Worker is not deployed, or that the token is refused", async () => {
    const api = await account({ "/queues": queues });
    expect((await examine(api))[0]).toMatchObject({
      detail: "Not found",
      fix: "npm run deploy -- --env production",
    });
    expect((await examine(api, "wrong"))[0]).toMatchObject({
      detail: "Authentication error",
      fix: expect.stringContaining("CLOUDFLARE_API_TOKEN"),
    });
  });

  it("is skipped without access", async () => {
    expect(await checkCloudflare(cloudflareAccess({}), config, "production")).toMatchObject([
      { state: "skipped" },
    ]);
  });
});
