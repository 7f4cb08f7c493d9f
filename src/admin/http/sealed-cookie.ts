/** What a page hands to the next one through the browser, which must neither read nor change it: sealed to the session. */
import type { z } from "zod";
import type { PageEnv } from "./page-env.ts";

export interface SealContext {
  readonly var: Pick<PageEnv["Variables"], "services" | "person">;
}

const cookiePurpose = (c: SealContext, what: string) => `${what}:${c.var.person?.sessionId ?? ""}`;

export function sealCookie(c: SealContext, what: string, value: unknown): Promise<string> {
  const content = new TextEncoder().encode(JSON.stringify(value));
  return c.var.services.keyring.seal(cookiePurpose(c, what), content);
}

/** Undefined for whatever was not sealed for this session and this purpose. */
export async function openCookie<S extends z.ZodType>(
  c: SealContext,
  what: string,
  shape: S,
  sealed: string,
): Promise<z.output<S> | undefined> {
  const opened = await c.var.services.keyring.open(cookiePurpose(c, what), sealed);
  return opened && shape.parse(JSON.parse(new TextDecoder().decode(opened)));
}
