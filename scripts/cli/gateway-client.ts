// The gateway's REST interface, as far as the commands need it.
import { z } from "zod";
import { Problem } from "../lib/problem.ts";
import type { GatewayOptions } from "./gateway-options.ts";

const plan = z.object({
  hash: z.string(),
  changes: z.array(
    z.object({
      section: z.string(),
      action: z.enum(["create", "update", "delete"]),
      name: z.string(),
      before: z.record(z.string(), z.unknown()).optional(),
      after: z.record(z.string(), z.unknown()).optional(),
      secret: z.boolean().optional(),
    }),
  ),
});
const applied = z.object({ applied: z.number() });
const problem = z.object({
  detail: z.string(),
  errors: z.array(z.object({ path: z.string(), message: z.string() })).default([]),
});

export type Planned = z.output<typeof plan>;
export type PlannedChange = Planned["changes"][number];
export type Secrets = Readonly<Record<string, string>>;

const verification = z.object({
  checked: z.number(),
  next: z.number().nullable(),
  anchor: z.string().nullable(),
  faults: z.array(z.object({ message: z.string() })),
});
export type Verification = z.output<typeof verification>;

export interface GatewayClient {
  /** As YAML. */
  exported(): Promise<string>;
  plan(document: unknown, secrets: Secrets): Promise<Planned>;
  apply(document: unknown, secrets: Secrets, hash: string): Promise<{ applied: number }>;
  /** Of the audit entries after a place; `anchor` is what an earlier verification gave. */
  verified(after: number, anchor: string | undefined): Promise<Verification>;
}

export function connect({ url, key }: GatewayOptions): GatewayClient {
  const ask = async (path: string, json?: object): Promise<string> => {
    const answer = await fetch(new URL(`/api/v1${path}`, url), {
      method: json === undefined ? "GET" : "POST",
      headers: { authorization: `Bearer ${key}`, "content-type": "application/json" },
      ...(json !== undefined && { body: JSON.stringify(json) }),
    }).catch(() => {
      throw new Problem(`Cannot reach ${url}. Check --gateway, or GATEWAY_URL.`);
    });
    const text = await answer.text();
    if (answer.ok) return text;
    throw new Problem(describeProblem(answer.status, text));
  };
  return {
    exported: () => ask("/configuration?format=yaml"),
    plan: async (document, secrets) =>
      plan.parse(JSON.parse(await ask("/configuration/plan", { document, secrets }))),
    apply: async (document, secrets, hash) =>
      applied.parse(JSON.parse(await ask("/configuration/apply", { document, secrets, hash }))),
    verified: async (after, anchor) => {
      const asked = new URLSearchParams({ after: String(after), ...(anchor !== undefined && { anchor }) });
      return verification.parse(JSON.parse(await ask(`/audit-logs/verification?${asked}`)));
    },
  };
}

export function describeProblem(status: number, text: string): string {
  try {
    const { detail, errors } = problem.parse(JSON.parse(text));
    return [
      detail,
      ...errors.map(({ path, message }) => `  ${path.replace(/^\/document/, "")} ${message}`),
    ].join("\n");
  } catch {
    return `The gateway returned HTTP ${status}.`;
  }
}
