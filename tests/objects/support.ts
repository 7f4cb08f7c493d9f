/** What the Worker does with a request that comes under limits, without the Worker. */
import type { env } from "cloudflare:test";
import type { Limit } from "../../src/core/limits/lease.ts";
import type { LeaseBook, Verdict } from "../../src/core/limits/lease-book.ts";

export type Tenant = ReturnType<typeof env.TENANTS.getByName>;

export async function request(book: LeaseBook, tenant: Tenant, limits: readonly Limit[]): Promise<Verdict> {
  let verdict = book.decide(limits, Date.now());
  for (let tries = 3; verdict.kind === "ask" && tries > 0; tries -= 1) {
    const ask = book.ask(limits, Date.now());
    try {
      const { answer } = await tenant.lease({ ask });
      if (answer !== undefined) verdict = book.learn(ask, answer, Date.now());
    } catch {
      book.lost(ask);
    }
  }
  return verdict;
}

export async function admitted(requests: Promise<Verdict>[]): Promise<number> {
  return (await Promise.all(requests)).filter(({ kind }) => kind === "admit").length;
}
