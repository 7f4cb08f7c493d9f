/** Loads the signed-in user of a page, and checks the token of posted forms. */
import type { Context } from "hono";
import { getCookie, setCookie } from "hono/cookie";
import { createMiddleware } from "hono/factory";
import { toBase64url } from "../../core/base64url.ts";
import { hmacSha256, newToken } from "../../core/digest.ts";
import { isTimeZone } from "../../core/time-zone.ts";
import { timingSafeEqual } from "../../core/timing-safe-equal.ts";
import { cookiePrefix, sessionCookieName } from "../../identity/users/cookies.ts";
import { clientIp } from "../../identity/users/hooks.ts";
import {
  BROWSER_SESSION_LIFETIME_MS,
  SESSION_LIFETIME_MS,
  type SignedInUser,
  toPrincipal,
} from "../../identity/users/sessions.ts";
import { admitPrincipal, admitWithoutPrincipal } from "../../middleware/admission.ts";
import { takeFlash } from "./flash.ts";
import type { PageEnv, SignedInEnv } from "./page-env.ts";
import { THEME_COOKIE, THEMES } from "./theme.ts";

const TIME_ZONE_COOKIE = "time_zone";
export const FORM_TOKEN = "form_token";

export const loadPageContext = createMiddleware<PageEnv>(async (c, next) => {
  const { publicUrl } = c.get("config");
  const elsewhere = localPath(c.req.raw, publicUrl);
  if (elsewhere !== undefined) return c.redirect(elsewhere);
  const { sessions } = c.get("services").people;
  const cookie = sessions.findCookie(c.req.header("cookie"));
  const person = cookie === undefined ? undefined : await sessions.find(cookie, new Date());
  const token = await formToken(c, person);
  c.set("person", person);
  c.set("formToken", token);
  c.set("form", {});
  c.set("posted", new URLSearchParams());
  c.set("flash", await takeFlash(c));
  const theme = getCookie(c, THEME_COOKIE);
  c.set("theme", THEMES.find((known) => known === theme) ?? "auto");
  const timeZone = getCookie(c, TIME_ZONE_COOKIE) ?? "";
  c.set("timeZone", isTimeZone(timeZone) ? timeZone : "UTC");
  await admitPageRequest(c, person);
  if (person !== undefined && cookie !== undefined) await keepSessionAlive(c, person, cookie);
  if (c.req.method === "POST") {
    const form = await readForm(c);
    const isOurs = isFromOurPage(c.req.raw, publicUrl) && timingSafeEqual(form?.get(FORM_TOKEN) ?? "", token);
    if (form === undefined || !isOurs) {
      await c.get("services").people.recordEvent({
        type: "csrf.rejected",
        description: `CSRF check failed for POST ${c.req.path}.`,
        userId: person?.id,
        ipAddress: clientIp(c.req.raw.headers),
        requestId: c.get("requestId"),
      });
      return c.text("This form has expired. Reload the page and try again.", 403);
    }
    c.set("form", Object.fromEntries(form));
    c.set("posted", form);
  }
  await next();
  // Pages show whose they are.
  c.res.headers.set("cache-control", "no-store");
  return;
});

/** A session and its cookie last for a lifetime from the last page; a cookie of the browser's session stays one. */
async function keepSessionAlive(c: Context<PageEnv>, person: SignedInUser, cookie: string): Promise<void> {
  const { sessions } = c.get("services").people;
  const prefix = cookiePrefix(c.get("config").publicUrl);
  const isForBrowserSession = getCookie(c, `${prefix}.dont_remember`) !== undefined;
  const lifetimeMs = isForBrowserSession ? BROWSER_SESSION_LIFETIME_MS : SESSION_LIFETIME_MS;
  const hasMoved = await sessions.touch(person, lifetimeMs, new Date());
  if (!hasMoved || isForBrowserSession) return;
  const lasting = { path: "/", httpOnly: true, sameSite: "Lax", maxAge: SESSION_LIFETIME_MS / 1000 } as const;
  const secure = c.get("config").publicUrl.startsWith("https:");
  setCookie(c, sessionCookieName(c.get("config").publicUrl), decodeURIComponent(cookie), {
    ...lasting,
    secure,
  });
}

/** A signed-in user is charged as the same principal as in the REST API; other requests by their route. */
async function admitPageRequest(c: Context<PageEnv>, person: SignedInUser | undefined): Promise<void> {
  const principal = person && toPrincipal(person);
  if (principal !== undefined) await admitPrincipal(c, principal);
  else await admitWithoutPrincipal(c, c.req.method === "POST" ? "authentication" : "general");
}

/** Cookies hold for one name of this machine; in development people also come by its others. */
function localPath(request: Request, publicUrl: string): string | undefined {
  const url = new URL(request.url);
  if (request.method !== "GET" || url.host === new URL(publicUrl).host) return undefined;
  return `${publicUrl}${url.pathname}${url.search}`;
}

/** Signed for this browser and this session: what another person's page shows is of no use here. */
async function formToken(c: Context<PageEnv>, person: SignedInUser | undefined): Promise<string> {
  const { publicUrl, authSecret } = c.get("config");
  const name = `${cookiePrefix(publicUrl)}.form`;
  let browser = getCookie(c, name);
  if (browser === undefined || !/^[\w-]{43}$/.test(browser)) {
    browser = newToken();
    const secure = publicUrl.startsWith("https:");
    setCookie(c, name, browser, { path: "/", httpOnly: true, sameSite: "Lax", secure });
  }
  return toBase64url(await hmacSha256(authSecret, `form ${browser} ${person?.sessionId ?? ""}`));
}

/** Browsers set the origin of the page that sent a form; scripts cannot change it. */
function isFromOurPage(request: Request, publicUrl: string): boolean {
  const origin = request.headers.get("origin");
  if (origin !== null) return origin === publicUrl;
  return request.headers.get("sec-fetch-site") === "same-origin";
}

async function readForm(c: Context<PageEnv>): Promise<URLSearchParams | undefined> {
  const type = c.req.header("content-type") ?? "";
  if (!type.startsWith("application/x-www-form-urlencoded")) return undefined;
  const bytes = await c.req.arrayBuffer();
  return new URLSearchParams(new TextDecoder().decode(bytes));
}

/** Where a link or form may lead afterwards: only to our own pages. */
export function safeNext(next: string | undefined, publicUrl: string): string | undefined {
  if (next === undefined || !next.startsWith("/") || /[\\\p{Cc}]/u.test(next)) return undefined;
  const url = URL.parse(next, publicUrl);
  // `/.//host` becomes `//host`, which browsers take for another site.
  if (url === null || url.origin !== publicUrl || url.pathname.startsWith("//")) return undefined;
  return `${url.pathname}${url.search}`;
}

export function signInUrl(next: string): string {
  return `/sign-in?${new URLSearchParams({ next })}`;
}

export const requireSignedIn = createMiddleware<SignedInEnv>(async (c, next) => {
  const person: SignedInUser | undefined = c.get("person");
  if (person === undefined) {
    const url = new URL(c.req.url);
    return c.redirect(signInUrl(`${url.pathname}${url.search}`), 303);
  }
  await next();
  return;
});

/** better-auth's answers bring cookies along. */
export function copyCookies(c: Context, from: Headers): void {
  for (const cookie of from.getSetCookie()) c.header("set-cookie", cookie, { append: true });
}
