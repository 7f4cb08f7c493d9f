/** What pages load beside themselves: named by what is in it, so that browsers may keep it for good. */
import { type Context, Hono } from "hono";
import htmx from "htmx.org/dist/htmx.min.js";
import { hash32 } from "../../core/routing/hash.ts";
import client from "../client/gateway.client.js";
import { ICON, STYLESHEET } from "./styles.ts";

const CONTENTS = {
  "gateway.css": { text: STYLESHEET, type: "text/css; charset=utf-8" },
  "gateway.js": { text: client, type: "text/javascript; charset=utf-8" },
  "htmx.js": { text: htmx, type: "text/javascript; charset=utf-8" },
  "icon.svg": { text: ICON, type: "image/svg+xml" },
} as const;

type Asset = keyof typeof CONTENTS;

const versions = new Map<Asset, string>();

export function assetPath(name: Asset): string {
  const { text } = CONTENTS[name];
  const version = versions.get(name) ?? hash32(text).toString(36) + hash32(text, 1).toString(36);
  versions.set(name, version);
  return `/assets/${version}/${name}`;
}

const isAsset = (name: string): name is Asset => Object.hasOwn(CONTENTS, name);

export const assets = new Hono().get("/assets/:name", serve).get("/assets/:version/:name", serve);

function serve(c: Context): Response | Promise<Response> {
  const name = c.req.param("name") ?? "";
  if (!isAsset(name)) return c.notFound();
  const { text, type } = CONTENTS[name];
  // During a deployment a page of one version may request assets of the other: it gets the present ones, uncached.
  const isThis = c.req.path === assetPath(name);
  return c.body(text, 200, {
    "content-type": type,
    "cache-control": isThis ? "public, max-age=31536000, immutable" : "no-cache",
  });
}
