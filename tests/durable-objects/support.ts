/** What the Worker does with a request that comes under limits, without the Worker. */
import type { env } from "cloudflare:test";
import type { Limit } from "../../src/core/limits/algorithms/limit.ts";
import type { AcquireResult, LeaseClient } from "../../src/core/limits/lease/client.ts";

export type Tenant = ReturnType<typeof env.TENANTS.getByName>;

export async function request(
  book: LeaseClient,
  tenant: Tenant,
  limits: readonly Limit[],
): Promise<AcquireResult> {
  let verdict = book.tryAcquire(limits, Date.now());
  for (let tries = 3; verdict.kind === "request" && tries > 0; tries -= 1) {
    const leaseRequest = book.buildRequest(limits, Date.now());
    try {
      const { leaseResponse } = await tenant.sync({ leaseRequest });
      if (leaseResponse !== undefined) verdict = book.applyResponse(leaseRequest, leaseResponse, Date.now());
    } catch {
      book.markLost(leaseRequest);
    }
  }
  return verdict;
}

export async function admitted(requests: Promise<AcquireResult>[]): Promise<number> {
  return (await Promise.all(requests)).filter(({ kind }) => kind === "admit").length;
}
