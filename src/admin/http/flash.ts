/**
 * What the next page says of what was just done, with the way back where there is one. It travels in a sealed cookie
 * that the next page takes away, so that reloading says nothing twice and no address carries it.
 */
import type { Context } from "hono";
import { deleteCookie, getCookie, setCookie } from "hono/cookie";
import { z } from "zod";
import type { PageEnv } from "./page-context.ts";
import type { AdminEnv } from "./require-permission.ts";
import { openCookie, type SealContext, sealCookie } from "./sealed-cookie.ts";

const flashShape = z.object({
  says: z.string(),
  /** It did not work. */
  bad: z.boolean().optional(),
  /** What makes it as it was: a creation through the REST interface. */
  undo: z.object({ api: z.string(), back: z.string(), body: z.record(z.string(), z.unknown()) }).optional(),
});

export type Flash = z.infer<typeof flashShape>;

/** With its sealed text, for the form that undoes. */
export interface ShownFlash extends Flash {
  readonly sealed: string;
}

const COOKIE = "flash";
/** Browsers drop cookies above 4 KiB. */
const MAX_BYTES = 2_500;

export const openFlash = (c: SealContext, sealed: string): Promise<Flash | undefined> =>
  openCookie(c, "flash", flashShape, sealed);

export async function setFlash(c: Context<AdminEnv>, flash: Flash): Promise<void> {
  const isSmall = JSON.stringify(flash).length <= MAX_BYTES;
  const secure = c.get("config").publicUrl.startsWith("https:");
  const sealed = await sealCookie(c, "flash", isSmall ? flash : { says: flash.says, bad: flash.bad });
  setCookie(c, COOKIE, sealed, { path: "/", httpOnly: true, sameSite: "Lax", secure, maxAge: 60 });
}

/** Of whole pages only: what is loaded into them must not take it away unseen. */
export async function takeFlash(c: Context<PageEnv>): Promise<ShownFlash | undefined> {
  const sealed = getCookie(c, COOKIE);
  if (sealed === undefined || c.req.method !== "GET" || c.req.header("hx-request") !== undefined) return;
  deleteCookie(c, COOKIE, { path: "/" });
  const flash = await openFlash(c, sealed);
  return flash && { ...flash, sealed };
}
