/** All pages, behind the one middleware that knows the person and tells our forms from others'. */
import { Hono } from "hono";
import { createMiddleware } from "hono/factory";
import { account } from "./account/account.tsx";
import { preferences } from "./account/preferences.tsx";
import { providers } from "./account/providers.tsx";
import { secondFactor } from "./account/second-factor.tsx";
import { type PageEnv, pageContext, personal } from "./context.ts";
import { consent } from "./entry/consent.tsx";
import { invitation } from "./entry/invitation.tsx";
import { outbox } from "./entry/outbox.tsx";
import { passwords } from "./entry/passwords.tsx";
import { setup } from "./entry/setup.tsx";
import { signIn } from "./entry/sign-in.tsx";
import { start } from "./entry/start.tsx";
import { administration } from "./gate.ts";
import { GROUPS } from "./groups.ts";
import { palette } from "./home/palette.tsx";
import { undo } from "./home/undo.ts";
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
  "/dev/mailbox",
] as const;

const navigation = createMiddleware<PageEnv>(async (c, next) => {
  c.set("groups", GROUPS);
  await next();
});

export const pages = new Hono<PageEnv>().route("/", assets).route("/", start);

// These match the root itself too.
for (const root of ROOTS) pages.use(`${root}/*`, navigation, pageContext);

pages
  .route("/", signIn)
  .route("/", passwords)
  .route("/", setup)
  .route("/", invitation)
  .route("/", consent)
  .route("/", account)
  .route("/", preferences)
  .route("/", secondFactor)
  .route("/", providers)
  .route("/", outbox);

pages.use("/admin/*", personal, administration).route("/", palette).route("/", undo);
for (const { routes } of GROUPS) pages.route("/", routes);
