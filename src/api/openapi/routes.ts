/** Serves the description as JSON and as a page. Both are public: they contain nothing of any tenant. */
import { Hono } from "hono";
import { unauthenticated } from "../../middleware/admission.ts";
import type { AppEnv } from "../../middleware/app-env.ts";
import { describe } from "./document.ts";
import { listOperations } from "./operations.ts";
import { referencePage } from "./page.tsx";

type Routes = Parameters<typeof listOperations>[0];

const CACHED = { "cache-control": "public, max-age=300" };

/** `routes` is called when all of them are registered. */
export function description(routes: () => Routes) {
  let known: { readonly json: string; readonly page: string } | undefined;
  const made = (publicUrl: string) => {
    if (known === undefined) {
      const operations = listOperations(routes());
      const document = describe(operations, publicUrl);
      known = { json: JSON.stringify(document), page: referencePage(operations, document) };
    }
    return known;
  };
  return new Hono<AppEnv>()
    .use(unauthenticated("general"))
    .get("/openapi.json", (c) =>
      c.body(made(c.var.config.publicUrl).json, 200, { ...CACHED, "content-type": "application/json" }),
    )
    .get("/docs", (c) => c.html(made(c.var.config.publicUrl).page, 200, CACHED));
}
