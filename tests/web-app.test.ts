import { createExecutionContext, env, SELF } from "cloudflare:test";
import { describe, expect, it, vi } from "vitest";
import { createApp } from "../src/app.ts";
import { isUuid } from "../src/core/ids.ts";

const call = (path: string, init?: RequestInit) => SELF.fetch(`http://gateway.test${path}`, init);

describe("every answer", () => {
  it.each(["/healthz", "/nowhere", "/r/nobody/v0.1/servers"])(
    "to %s carries a request id and the security headers",
    async (path) => {
      const answer = await call(path);
      expect(isUuid(answer.headers.get("x-request-id") ?? "")).toBe(true);
      expect(answer.headers.get("content-security-policy")).toContain("default-src 'none'");
      expect(answer.headers.get("content-security-policy")).not.toContain("unsafe");
      expect(answer.headers.get("x-content-type-options")).toBe("nosniff");
      expect(answer.headers.get("x-frame-options")).toBe("DENY");
      expect(answer.headers.get("strict-transport-security")).toContain("max-age=31536000");
      await answer.body?.cancel();
    },
  );

  it("gets a request id of the gateway's own, whatever the caller sends", async () => {
    const answer = await call("/healthz", { headers: { "x-request-id": "mine" } });
    expect(answer.headers.get("x-request-id")).not.toBe("mine");
    await answer.body?.cancel();
  });
});

describe("health", () => {
  it("reports that the Worker runs without a query to the database", async () => {
    expect(await (await call("/healthz")).json()).toEqual({ status: "ok" });
  });

  it("reports that the database responds", async () => {
    const answer = await call("/readyz");
    expect(answer.status).toBe(200);
    expect(await answer.json()).toEqual({ status: "ok", database: { ms: expect.any(Number) } });
  });
});

describe("failures are problem+json", () => {
  it("for an address that is not there", async () => {
    const answer = await call("/nowhere");
    expect(answer.status).toBe(404);
    expect(answer.headers.get("content-type")).toBe("application/problem+json");
    expect(await answer.json()).toEqual({
      type: "about:blank",
      title: "Not found",
      status: 404,
      detail: "No resource exists at this URL.",
      code: "not_found",
      requestId: answer.headers.get("x-request-id"),
    });
  });

  const withBindings = (bindings: object, path: string) =>
    createApp().fetch(new Request(`http://gateway.test${path}`), bindings as Env, createExecutionContext());

  it("for a gateway that is not configured: the log names every variable, the answer none", async () => {
    const log = vi.spyOn(console, "error").mockImplementation(() => undefined);
    const answer = await withBindings({ ENVIRONMENT: "production" }, "/healthz");
    expect(answer.status).toBe(500);
    expect(JSON.stringify(await answer.json())).not.toContain("DATABASE_URL");
    const logged = String(log.mock.calls[0]?.[0]);
    for (const variable of ["PUBLIC_URL", "DATABASE_URL", "BETTER_AUTH_SECRET", "ENCRYPTION_KEYS"]) {
      expect(logged).toContain(`${variable} is required`);
    }
    log.mockRestore();
  });

  it("for a database that does not answer: 503, and no word of where it is", async () => {
    const log = vi.spyOn(console, "error").mockImplementation(() => undefined);
    const answer = await withBindings(
      { ...env, DATABASE_URL: "postgres://someone:hunter2@127.0.0.1:1/gone" },
      "/readyz",
    );
    expect(answer.status).toBe(503);
    const text = await answer.text();
    expect(JSON.parse(text)).toMatchObject({ code: "database_unavailable" });
    expect(text).not.toMatch(/hunter2|127\.0\.0\.1/);
    expect(JSON.stringify(log.mock.calls)).not.toContain("hunter2");
    log.mockRestore();
  });
});

describe("the root", () => {
  const root = (accept?: string) => call("/", accept === undefined ? {} : { headers: { accept } });

  it("shows a person a page that leads on, under the strict policy", async () => {
    const answer = await root("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8");
    expect(answer.status).toBe(200);
    expect(answer.headers.get("content-type")).toContain("text/html");
    expect(answer.headers.get("content-security-policy")).toContain("default-src 'none'");
    const text = await answer.text();
    expect(text).toContain('href="/sign-in"');
    expect(text).toContain('href="/admin/connect"');
    expect(text).toContain(`${env.PUBLIC_URL}/mcp`);
  });

  it.each([undefined, "*/*", "application/json"])(
    "points a program that accepts %s to the endpoints",
    async (accept) => {
      const answer = await root(accept);
      expect(answer.status).toBe(200);
      expect(answer.headers.get("vary")).toContain("accept");
      expect(await answer.json()).toMatchObject({
        mcp: `${env.PUBLIC_URL}/mcp`,
        openapi: `${env.PUBLIC_URL}/api/v1/openapi.json`,
      });
    },
  );

  it("points to addresses that answer", async () => {
    const pointers: Record<string, string> = await (await root()).json();
    for (const name of ["authorization", "openapi", "health", "ready"]) {
      const answer = await call(new URL(pointers[name] ?? "").pathname);
      expect([name, answer.status]).toEqual([name, 200]);
      await answer.body?.cancel();
    }
  });
});
