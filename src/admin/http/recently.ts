/** Sends a person whose sign-in is not recent to sign in again before a page that changes credentials. */
import { createMiddleware } from "hono/factory";
import { isRecent } from "../../identity/users/step-up.ts";
import { signInUrl } from "./page-context.ts";
import type { SignedInEnv } from "./page-env.ts";

/** `back` is the page to return to; without it, the requested one. Example: `app.use(path, recently(path))`. */
export const recently = (back?: string) =>
  createMiddleware<SignedInEnv>(async (c, next) => {
    if (isRecent(c.get("person").authenticatedAt, Date.now())) {
      await next();
      return;
    }
    return c.redirect(`${signInUrl(back ?? c.req.path)}&again=yes`, 303);
  });
