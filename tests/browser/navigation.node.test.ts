/** The navigation: tabs and breadcrumbs, old paths, unknown pages, and the current entry on a low screen. */
import { describe, expect, it } from "vitest";
import { NAVIGATION } from "../../src/admin/navigation/table.ts";
import { type Stage, walkPages } from "../fixtures/pages.ts";

const UNKNOWN_ID = "01890a5d-ac96-774b-bcce-b302099a8057";

/** Old path, new path. */
const MOVED = [
  ["/admin/news", "/admin/announcements"],
  ["/admin/catalogue?q=add", "/admin/tools?q=add"],
  ["/admin/people", "/admin/members"],
  ["/admin/requests/tail?only=mcp", "/admin/logs/live?only=mcp"],
  ["/admin/circuit-breakers", "/admin/servers/circuit-breakers"],
  ["/admin/access-controls/explain", "/admin/access/check"],
  ["/admin/alert-events", "/admin/alerts"],
  ["/admin/settings/logging.payloads.sample", "/admin/settings/logging/logging.payloads.sample"],
  ["/admin/configs", "/admin/settings/values"],
] as const;

const UNKNOWN = [
  "/admin/nothing",
  "/admin/servers/nothing",
  `/admin/servers/${UNKNOWN_ID}`,
  "/admin/servers/circuit-breakers/nothing",
  "/admin/servers/nothing/tools",
  "/admin/tools/nothing",
  "/admin/members/nothing",
  "/admin/logs/nothing",
  `/admin/logs/system-events/${UNKNOWN_ID}`,
  "/admin/keys/nothing",
  "/admin/alerts/rules/nothing",
] as const;

const TABS = NAVIGATION.flatMap(({ entries }) => entries).flatMap(({ tabs }) => tabs);

walkPages({
  name: "the navigation",
  pages: [
    { path: "/admin/tools/prompts", heading: "Prompts" },
    { path: "/admin/tools/resources", heading: "Resources" },
    { path: "/admin/settings", heading: "General", for: ["admin"], picture: "general" },
    { path: "/admin/rate-limits/bans", heading: "Bans", for: ["admin"] },
  ],
  stories(stage: () => Stage) {
    it("has sixteen entries in five groups, and a page for every tab", () =>
      stage().visit("operator", async (page) => {
        await page.goto(`${stage().gateway.url}/admin`);
        const side = page.getByRole("navigation", { name: "Main" });
        await expect(side.getByRole("heading").allInnerTexts()).resolves.toEqual([
          ...["Home", "Catalog", "Access", "Traffic", "Settings"],
        ]);
        await expect(side.getByRole("link").count()).resolves.toBe(16);
        await expect(side.locator("svg").count()).resolves.toBe(16);
        await side.getByRole("link", { name: "Servers", exact: true }).click();
        const bar = page.getByRole("navigation", { name: "Servers", exact: true });
        for (const label of ["Tool changes", "Circuit breakers", "Maintenance"]) {
          await bar.getByRole("link", { name: label }).click();
          await bar.locator("[aria-current]", { hasText: label }).waitFor();
          await expect(side.locator("[aria-current]").innerText()).resolves.toBe("Servers");
        }
        for (const { path } of TABS) {
          const response = await page.request.get(stage().gateway.url + path, { maxRedirects: 0 });
          expect([path, response.status()]).toEqual([path, 200]);
        }
      }));

    it("leaves out what the role may not open", () =>
      stage().visit("readonly", async (page) => {
        await page.goto(`${stage().gateway.url}/admin/tools`);
        const side = page.getByRole("navigation", { name: "Main" });
        await expect(side.getByRole("link").allInnerTexts()).resolves.toEqual([
          ...["Overview", "Connect", "Tools", "Servers", "Registry"],
        ]);
        const bar = page.getByRole("navigation", { name: "Servers" });
        await page.goto(`${stage().gateway.url}/admin/servers`);
        await expect(bar.count()).resolves.toBe(0);
      }));

    it("shows the way to a page below a tab", () =>
      stage().visit("admin", async (page) => {
        await page.goto(`${stage().gateway.url}/admin/rate-limits/ip-rules/new`);
        const way = page.getByRole("navigation", { name: "Breadcrumb" });
        expect((await way.innerText()).replace(/\s+/g, " ")).toBe("Rate limits / IP rules / Create IP rule");
        await way.getByRole("link", { name: "IP rules" }).click();
        await page.getByRole("heading", { level: 1, name: "IP rules" }).waitFor();
      }));

    it.each([true, false])("shows the current entry on a low screen, with script: %s", (script) =>
      stage().visit(
        "operator",
        async (page) => {
          await page.setViewportSize({ width: 1280, height: 320 });
          await page.goto(`${stage().gateway.url}/admin/system`);
          const box = await page.locator(".side [aria-current]").boundingBox();
          expect(box === null ? 0 : box.y + box.height).toBeLessThanOrEqual(320);
          expect(box?.y).toBeGreaterThan(40);
        },
        { script },
      ),
    );

    it("redirects the paths of the previous navigation", () =>
      stage().visit("admin", async (page) => {
        for (const [old, current] of MOVED) {
          const response = await page.request.get(stage().gateway.url + old, { maxRedirects: 0 });
          expect([old, response.status(), response.headers().location]).toEqual([old, 308, current]);
        }
      }));

    it("finds pages by new and former names", () =>
      stage().visit("operator", async (page) => {
        const find = async (words: string) => {
          await page.goto(`${stage().gateway.url}/admin/palette?q=${words}`);
          return page.locator("main .found a").allInnerTexts();
        };
        expect((await find("news")).join()).toContain("Announcements");
        expect((await find("people")).join()).toContain("Members");
        expect((await find("tenants")).join()).toContain("Organizations");
      }));

    it("finds actions, settings, members and keys by name, and records by a pasted ID", async () => {
      const { tenant, people, gateway } = stage();
      const server = await tenant.addServer({ name: "weather", url: "https://weather.example.com/mcp" });
      const person = await people.add({ tenants: [{ id: tenant.id, role: "user" }] });
      const [member] = await people.query(
        `update "user" set name = 'Ottilie Pasteur' where id = $1 returning id`,
        [person.id],
      );
      const [key] = await people.query(
        `update api_keys set name = 'nightly build'
          where id = (select id from api_keys where tenant_id = $1 order by created_at limit 1) returning id`,
        [tenant.id],
      );
      const [request] = await people.query(
        `insert into request_logs (tenant_id, request_id, client_request_id, method, path, status_code, duration_ms)
         values ($1, gen_random_uuid(), 'ci-build-4711', 'POST', '/mcp/weather', 200, 5) returning id, request_id`,
        [tenant.id],
      );
      await stage().visit("admin", async (page) => {
        await page.goto(`${gateway.url}/admin`);
        const dialog = page.getByRole("dialog");
        const find = async (text: string, entry: string) => {
          await page.keyboard.press("Control+k");
          await dialog.getByRole("searchbox").fill(text);
          const link = dialog.getByRole("link", { name: entry });
          await link.waitFor();
          const path = await link.getAttribute("href");
          await page.keyboard.press("Escape");
          await dialog.waitFor({ state: "hidden" });
          return path;
        };
        expect(await find("create api key", "Create API key Action")).toBe("/admin/keys/new");
        expect(await find("payload sampling", "Payload sampling rate Setting")).toBe(
          "/admin/settings/logging/logging.payloads.sample",
        );
        expect(await find("ottilie", "Ottilie Pasteur Member")).toBe(`/admin/members/${member?.id}`);
        expect(await find("nightly", "nightly build API key")).toBe(`/admin/keys/${key?.id}`);
        expect(await find(server, "weather Server")).toBe(`/admin/servers/${server}`);
        expect(await find(String(member?.id), "Ottilie Pasteur Member")).toBe(`/admin/members/${member?.id}`);
        for (const id of [String(request?.request_id), "ci-build-4711"]) {
          expect(await find(id, "POST /mcp/weather Request")).toContain(`/admin/logs/${request?.id}?at=`);
        }
      });
      await stage().visit("readonly", async (page) => {
        await page.goto(`${gateway.url}/admin/palette?q=create`);
        await page.getByText("No results").waitFor();
      });
    });

    describe("of an unknown page", () => {
      it.each(UNKNOWN)("reports it in HTML: %s", (path) =>
        stage().visit(
          "admin",
          async (page) => {
            const answer = await page.goto(stage().gateway.url + path);
            expect(answer?.status()).toBe(404);
            await page.getByRole("heading", { level: 1, name: "Not found" }).waitFor();
            await page.getByRole("navigation", { name: "Main" }).waitFor();
          },
          { expected: /status of 404/ },
        ),
      );
    });

    it("changes the organization's own fields", () =>
      stage().visit("admin", async (page) => {
        await page.goto(`${stage().gateway.url}/admin/settings`);
        await page.getByLabel("Time zone").fill("Europe/Vienna");
        await page.getByLabel("Default access").selectOption("deny");
        await page.getByRole("button", { name: "Save changes" }).click();
        await page.getByText("Changes saved.").waitFor();
        await expect(page.getByLabel("Time zone").inputValue()).resolves.toBe("Europe/Vienna");
        await expect(page.getByLabel("Default access").inputValue()).resolves.toBe("deny");
        await page.getByLabel("Default access").selectOption("allow");
        await page.getByRole("button", { name: "Save changes" }).click();
        await page.getByText("Changes saved.").waitFor();
        await page.getByRole("link", { name: "Instructions for clients" }).click();
        await page.getByRole("heading", { level: 1, name: "Instructions for clients" }).waitFor();
      }));
  },
});
