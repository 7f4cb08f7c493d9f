import { createExecutionContext, env } from "cloudflare:test";
import { beforeAll, describe, expect, it } from "vitest";
import { NAVIGATION } from "../../../src/admin/navigation/table.ts";
import { createApp } from "../../../src/app.ts";
import { routeTable } from "../../api/route-table.ts";
import { addTenant } from "../../api/support.ts";

/** What is no page to visit: redirects, downloads, results of forms, and parts that a page loads. */
const NO_PAGE =
  /\/(?:new|import|palette|banner|live|events|groups\/members|insights\/address)$|\.csv$|[:*]|^\/account\/organi[sz]ations$/;

const app = createApp();
let headers: Record<string, string>;
beforeAll(async () => {
  const tenant = await addTenant("clicks");
  await tenant.liftLimits();
  headers = await tenant.addOperator();
});

/** The pages that a page links to, by path. */
async function linksOn(path: string): Promise<string[]> {
  const request = new Request(`${env.PUBLIC_URL}${path}`, { headers: { ...headers, accept: "text/html" } });
  const answer = await app.fetch(request, env, createExecutionContext());
  const hrefs = (await answer.text()).matchAll(/<a [^>]*href="(\/[^"#?]*)/g);
  return Array.from(hrefs, ([, href = ""]) => href);
}

/** The pages that can be reached with so many clicks, by the number that each takes at least. */
async function countClicks(most: number): Promise<Map<string, number>> {
  const clicks = new Map([["/admin", 0]]);
  for (let count = 1; count <= most; count += 1) {
    const last = [...clicks].filter(([, reached]) => reached === count - 1).map(([path]) => path);
    for (const links of await Promise.all(last.map(linksOn))) {
      for (const path of links) if (!clicks.has(path)) clicks.set(path, count);
    }
  }
  return clicks;
}

describe("the navigation", () => {
  it("leads to each of its pages within two clicks, and to every other page within three", async () => {
    const clicks = await countClicks(3);
    const own = NAVIGATION.flatMap(({ entries }) =>
      entries.flatMap(({ tabs }) => tabs.map(({ path }) => path)),
    );
    expect(own.length).toBeGreaterThan(30);
    expect(own.filter((path) => (clicks.get(path) ?? 9) > 2)).toEqual([]);
    const others = routeTable()
      .filter(({ method, path }) => method === "GET" && /^\/(?:admin|account)(?:\/|$)/.test(path))
      .map(({ path }) => path)
      .filter((path) => !NO_PAGE.test(path));
    expect(others.filter((path) => !clicks.has(path))).toEqual([]);
  });
});
