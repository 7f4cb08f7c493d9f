/**
 * Requires the second factor after a sign-in through a provider too. better-auth's plugin requires it after a password only;
 * its own challenge is used here for the provider's callback, and its JSON answer made into a redirect to our form.
 */
import { createAuthMiddleware } from "better-auth/api";
import { twoFactor } from "better-auth/plugins";
import { z } from "zod";
import { SSO_CALLBACK } from "../sso/sso-path.ts";

type TwoFactorOptions = NonNullable<Parameters<typeof twoFactor>[0]>;

/** Of an endpoint's context, what a matcher reads. */
interface Matched {
  readonly path?: string | undefined;
}

const challenged = z.object({ twoFactorRedirect: z.literal(true) });
const isCallback = ({ path }: Matched) => path === "/callback/:id" || path === SSO_CALLBACK;

/** An organization may trust its identity provider with the second factor. */
const provedElsewhere = z.object({ session: z.object({ isSecondFactorProved: z.literal(true) }) });

export function twoFactorEverywhere(options: TwoFactorOptions, publicUrl: string) {
  const plugin = twoFactor(options);
  const [challenge] = plugin.hooks.after;
  if (challenge === undefined) throw new TypeError("better-auth's two-factor plugin has no challenge");
  const { handler, matcher } = challenge;

  const redirectToForm = createAuthMiddleware(async (ctx) => {
    if (!challenged.safeParse(ctx.context.returned).success) return;
    const wanted = URL.parse(ctx.context.responseHeaders?.get("location") ?? "/", publicUrl);
    const next = wanted === null ? "/" : wanted.pathname + wanted.search;
    throw ctx.redirect(`${publicUrl}/sign-in/second-factor?${new URLSearchParams({ next })}`);
  });

  const after = [
    {
      matcher: (ctx: Parameters<typeof matcher>[0]) =>
        matcher(ctx) || (isCallback(ctx) && !provedElsewhere.safeParse(ctx.context.newSession).success),
      handler,
    },
    { matcher: isCallback, handler: redirectToForm },
  ];
  return { ...plugin, hooks: { after } };
}
