/** All pages, behind the one middleware that authenticates the user and rejects forms of other origins. */
import { Hono } from "hono";
import { NotFoundError } from "../core/errors.ts";
import { account } from "./account/account.tsx";
import { connections } from "./account/connections.tsx";
import { passkeys } from "./account/passkeys.tsx";
import { preferences } from "./account/preferences.tsx";
import { profile } from "./account/profile.tsx";
import { providers } from "./account/providers.tsx";
import { secondFactor } from "./account/second-factor.tsx";
import { sessions } from "./account/sessions.tsx";
import { consent } from "./auth-pages/consent.tsx";
import { devMailbox } from "./auth-pages/dev-mailbox.tsx";
import { invitation } from "./auth-pages/invitation.tsx";
import { passkeySignIn } from "./auth-pages/passkey.tsx";
import { passwords } from "./auth-pages/passwords.tsx";
import { setup } from "./auth-pages/setup.tsx";
import { signIn } from "./auth-pages/sign-in.tsx";
import { ssoSignIn } from "./auth-pages/sso.tsx";
import { start } from "./auth-pages/start.tsx";
import { commandPalette } from "./home/command-palette.tsx";
import { undo } from "./home/undo.ts";
import { loadPageContext, requireSignedIn } from "./http/page-context.ts";
import type { PageEnv } from "./http/page-env.ts";
import { requireMembership } from "./http/require-permission.ts";
import { redirects } from "./navigation/redirects.ts";
import { PAGE_ROUTES } from "./routes.ts";
import { assets } from "./ui/assets.ts";

const ROOTS = [
  "/admin",
  "/sign-in",
  "/sign-out",
  "/forgot-password",
  "/reset-password",
  "/verify-email",
  "/setup",
  "/invitation",
  "/consent",
  "/account",
  "/oauth/upstream",
  "/dev/mailbox",
] as const;

export const pages = new Hono<PageEnv>().route("/", assets).route("/", start);

// These match the root itself too.
for (const root of ROOTS) pages.use(`${root}/*`, loadPageContext);

pages
  .route("/", signIn)
  .route("/", passkeySignIn)
  .route("/", ssoSignIn)
  .route("/", passwords)
  .route("/", setup)
  .route("/", invitation)
  .route("/", consent)
  .route("/", account)
  .route("/", sessions)
  .route("/", preferences)
  .route("/", secondFactor)
  .route("/", passkeys)
  .route("/", profile)
  .route("/", providers)
  .route("/", connections)
  .route("/", devMailbox);

pages.use("/admin/*", requireSignedIn, requireMembership).route("/", commandPalette).route("/", undo);
for (const routes of PAGE_ROUTES) pages.route("/", routes);
pages.route("/", redirects).get("/admin/*", () => {
  throw new NotFoundError("This page does not exist.");
});
