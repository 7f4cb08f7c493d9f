/** What a page hands to the next one through the browser, which must neither read nor change it: sealed to the session. */
import type { z } from "zod";
import type { PageEnv } from "./context.ts";

export interface SealScene {
  readonly var: Pick<PageEnv["Variables"], "services" | "person">;
}

const purposeOf = (c: SealScene, what: string) => `${what}:${c.var.person?.sessionId ?? ""}`;

export function sealFor(c: SealScene, what: string, value: unknown): Promise<string> {
  const content = new TextEncoder().encode(JSON.stringify(value));
  return c.var.services.keyring.seal(purposeOf(c, what), content);
}

/** Undefined for whatever was not sealed for this session and this purpose. */
export async function openFor<S extends z.ZodType>(
  c: SealScene,
  what: string,
  shape: S,
  sealed: string,
): Promise<z.output<S> | undefined> {
  const opened = await c.var.services.keyring.open(purposeOf(c, what), sealed);
  return opened && shape.parse(JSON.parse(new TextDecoder().decode(opened)));
}
