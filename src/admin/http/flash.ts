/**
 * Carries the result of an action to the next page, in a sealed cookie that this page removes: reloading does not show it
 * again, and no URL holds it.
 */
import type { Context } from "hono";
import { deleteCookie, getCookie, setCookie } from "hono/cookie";
import { type Flash, flashShape, type ShownFlash } from "./flash-message.ts";
import type { AdminEnv, PageEnv } from "./page-env.ts";
import { openCookie, type SealContext, sealCookie } from "./sealed-cookie.ts";

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

/** On whole pages only: a fragment that is loaded into a page must not consume it. */
export async function takeFlash(c: Context<PageEnv>): Promise<ShownFlash | undefined> {
  const sealed = getCookie(c, COOKIE);
  if (sealed === undefined || c.req.method !== "GET" || c.req.header("hx-request") !== undefined) return;
  deleteCookie(c, COOKIE, { path: "/" });
  const flash = await openFlash(c, sealed);
  return flash && { ...flash, sealed };
}
