/**
 * Keeps which identity provider began a sign-in while its second factor is outstanding. better-auth ends the session
 * then and makes a new one after the code, which has no reference to the first; a signed cookie carries it over.
 */
import type { GenericEndpointContext } from "better-auth";

const NAME = "sso_pending";
const TTL_SECONDS = 600;

type CookieContext = Pick<
  GenericEndpointContext,
  "context" | "setSignedCookie" | "getSignedCookie" | "setCookie"
>;

const cookieOf = ({ context }: CookieContext) => context.createAuthCookie(NAME, { maxAge: TTL_SECONDS });

export async function rememberProvider(
  ctx: CookieContext,
  pending: { readonly userId: string; readonly providerId: string },
  now: number,
): Promise<void> {
  const { name, attributes } = cookieOf(ctx);
  const value = [pending.userId, pending.providerId, now + TTL_SECONDS * 1000].join("!");
  await ctx.setSignedCookie(name, value, ctx.context.secret, attributes);
}

/** Undefined for another user, and after ten minutes. */
export async function takeProvider(
  ctx: CookieContext,
  userId: string,
  now: number,
): Promise<string | undefined> {
  const { name, attributes } = cookieOf(ctx);
  const value = await ctx.getSignedCookie(name, ctx.context.secret);
  if (typeof value !== "string") return undefined;
  ctx.setCookie(name, "", { ...attributes, maxAge: 0 });
  const [pendingUser, providerId, until] = value.split("!");
  return pendingUser === userId && Number(until) > now ? providerId : undefined;
}
