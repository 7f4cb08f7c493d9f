/** All pages, behind the one middleware that knows the person and tells our forms from others'. */
import { Hono } from "hono";
import { bodyLimit } from "hono/body-limit";
import { account } from "./account.tsx";
import { consent } from "./consent.tsx";
import { type PageEnv, pageContext } from "./context.ts";
import { invitation } from "./invitation.tsx";
import { outbox } from "./outbox.tsx";
import { passwords } from "./passwords.tsx";
import { secondFactor } from "./second-factor.tsx";
import { setup } from "./setup.tsx";
import { signIn } from "./sign-in.tsx";
import { ICON, ICON_PATH, STYLESHEET, STYLESHEET_PATH } from "./styles.ts";

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
  "/dev/outbox",
] as const;

export const pages = new Hono<PageEnv>();

const CACHED = "public, max-age=300";
pages
  .get(STYLESHEET_PATH, (c) =>
    c.body(STYLESHEET, 200, { "content-type": "text/css; charset=utf-8", "cache-control": CACHED }),
  )
  .get(ICON_PATH, (c) => c.body(ICON, 200, { "content-type": "image/svg+xml", "cache-control": CACHED }));

const smallForms = bodyLimit({ maxSize: 64 * 1024, onError: (c) => c.text("This form is too large.", 413) });
// This matches the root itself too.
for (const root of ROOTS) pages.use(`${root}/*`, smallForms, pageContext);

pages
  .get("/admin", (c) => c.redirect("/account", 303))
  .route("/", signIn)
  .route("/", passwords)
  .route("/", setup)
  .route("/", invitation)
  .route("/", consent)
  .route("/", account)
  .route("/", secondFactor)
  .route("/", outbox);
