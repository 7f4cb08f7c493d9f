/**
 * Admits requests of the REST API, the pages, sign-in, OAuth and the registry, by the rules that MCP requests obey. A
 * request that a page makes within the process is part of the page's request and is not charged again.
 */
import { createMiddleware } from "hono/factory";
import { BlockedAddressError } from "../core/errors.ts";
import type { UnauthenticatedCategory } from "../core/limits/resolve-limits.ts";
import { NO_TENANT_ID, type Principal } from "../identity/principal.ts";
import { admitRequest, admitUnauthenticated } from "../policy/admission.ts";
import type { AdmissionTermsSource } from "../policy/admission-terms.ts";
import type { TenantTraffic } from "../policy/traffic.ts";

/** What admission needs of a request; AppEnv has it. */
export interface AdmissionEnv {
  Variables: {
    readonly isInternal: boolean;
    readonly services: {
      readonly admissionTerms: AdmissionTermsSource;
      readonly getTraffic: (name: string) => TenantTraffic;
    };
    /** The response headers about the caller's limits: admission adds to it, middleware/limit-headers sends it. */
    readonly limitHeaders: Record<string, string>;
  };
}

/** As much of Hono's context as admission reads. */
interface AdmissionContext {
  readonly var: AdmissionEnv["Variables"];
  readonly req: { header(name: string): string | undefined };
  readonly executionCtx: { waitUntil(work: Promise<unknown>): void };
}

export async function admitPrincipal(c: AdmissionContext, principal: Principal): Promise<void> {
  if (c.var.isInternal) return;
  const { admissionTerms, getTraffic } = c.var.services;
  const background = (work: Promise<unknown>) => c.executionCtx.waitUntil(work);
  const tenant = await admissionTerms.get(principal.tenantId, background);
  const caller = { principal, tenant, address: c.req.header("cf-connecting-ip") };
  const traffic = getTraffic(principal.tenantId);
  Object.assign(c.var.limitHeaders, await admitRequest(caller, traffic, new Date(), background));
}

export async function admitWithoutPrincipal(
  c: AdmissionContext,
  kind: UnauthenticatedCategory,
): Promise<void> {
  if (c.var.isInternal) return;
  const address = c.req.header("cf-connecting-ip");
  // Without an address there is no IP rule to apply.
  if (address === undefined) return;
  const { admissionTerms, getTraffic } = c.var.services;
  const background = (work: Promise<unknown>) => c.executionCtx.waitUntil(work);
  const terms = await admissionTerms.get(NO_TENANT_ID, background);
  const caller = { terms, address, kind };
  Object.assign(c.var.limitHeaders, await admitUnauthenticated(caller, getTraffic, new Date(), background));
}

/** Obeys the address rules of a tenant whose public data is read without a credential. */
export async function rejectBlockedAddress(c: AdmissionContext, tenantId: string): Promise<void> {
  const address = c.req.header("cf-connecting-ip");
  if (c.var.isInternal || address === undefined) return;
  const { ipLists } = await c.var.services.admissionTerms.get(tenantId, (work) =>
    c.executionCtx.waitUntil(work),
  );
  if (ipLists(address, new Date()).blocked) throw new BlockedAddressError();
}

/** For routes that take no credential: `app.use("/.well-known/*", unauthenticated("general"))`. */
export const unauthenticated = (kind: UnauthenticatedCategory) =>
  createMiddleware<AdmissionEnv>(async (c, next) => {
    await admitWithoutPrincipal(c, kind);
    await next();
  });
