/** In production, on https, cookies are valid for exactly this origin: no subdomain, no plain http, no script. */
import { createExecutionContext, env } from "cloudflare:test";
import { expect, it } from "vitest";
import { createApp } from "../../../src/app.ts";
import { hashPassword } from "../../../src/identity/users/passwords.ts";
import { owner } from "../../support/database.ts";

const production = {
  ...env,
  ENVIRONMENT: "production",
  PUBLIC_URL: "https://gateway.test",
  NEON_ENDPOINT: undefined,
  BETTER_AUTH_SECRET: "mZ0v3Qk9yB7xT1fLcW5pJ8rN2dHsG6aE4uKoRiVtX0g=",
  ENCRYPTION_KEYS: "k1:p1Zk0yq9n3bH5uVd2cXo8tRw6sLf4gJm7eAiQhTzUxE=",
};

it("they carry __Host-, Secure, HttpOnly and SameSite", async () => {
  const email = `${crypto.randomUUID()}@example.com`;
  await owner.query(
    `insert into "user" (id, name, email, email_verified) values ($1, 'Somename', $1, true)`,
    [email],
  );
  await owner.query(
    "insert into account (id, account_id, provider_id, user_id, password) values ($1, $1, 'credential', $1, $2)",
    [email, await hashPassword("correct horse battery staple")],
  );
  const app = createApp();
  const go = (path: string, init: RequestInit = {}) =>
    app.fetch(new Request(`https://gateway.test${path}`, init), production, createExecutionContext());
  const page = await go("/sign-in");
  const [form = ""] = page.headers.getSetCookie();
  expect(form).toMatch(/^__Host-gateway\.form=[\w-]{43}; /);
  const answer = await go("/sign-in", {
    method: "POST",
    headers: {
      origin: "https://gateway.test",
      cookie: form.split(";")[0] ?? "",
      "content-type": "application/x-www-form-urlencoded",
    },
    body: new URLSearchParams({
      form_token: /name="form_token" value="([^"]+)"/.exec(await page.text())?.[1] ?? "",
      identifier: email,
      password: "correct horse battery staple",
      remember: "yes",
    }),
  });
  expect(answer.status, await answer.clone().text()).toBe(303);
  const cookies = [form, ...answer.headers.getSetCookie()];
  expect(cookies.some((cookie) => cookie.startsWith("__Host-gateway.session_token="))).toBe(true);
  for (const cookie of cookies) {
    expect(cookie).toMatch(/^__Host-/);
    expect(cookie).toMatch(/; Secure/i);
    expect(cookie).toMatch(/; HttpOnly/i);
    expect(cookie).toMatch(/; SameSite=Lax/i);
    expect(cookie).toMatch(/; Path=\/(?:;|$)/i);
    expect(cookie).not.toMatch(/; Domain/i);
  }
});
