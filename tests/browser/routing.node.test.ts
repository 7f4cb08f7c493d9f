/**
 * Routing rules and circuit breakers: reordering with the keyboard and without script, the simulator, and forced
 * states.
 */
import { describe, expect, it } from "vitest";
import { type Stage, walkPages } from "../fixtures/pages.ts";

const admins = ["admin"] as const;
const RULES = "/admin/routing";
const BREAKERS = "/admin/servers/circuit-breakers";
const QUEUES = "/admin/servers/queues";

async function rule(stage: Stage, server: string, name: string, conditions: object, priority: number) {
  const made = await stage.rest("POST", "/routing-rules", {
    ...{ name, conditions, priority, targetServers: [server], loadBalancingStrategy: "least_latency" },
  });
  return String(Object(made).id);
}

async function transition(stage: Stage, server: string, from: string, to: string, minutesAgo: number) {
  await stage.people.query(
    `insert into circuit_breaker_transitions (tenant_id, server_id, from_state, to_state, reason, transitioned_at)
     values ($1, $2, $3, $4, 'failures', now() - $5 * interval '1 minute')`,
    [stage.tenant.id, server, from, to, minutesAgo],
  );
}

walkPages({
  name: "routing and breakers",
  pages: [
    { path: RULES, heading: "Routing rules", for: admins, picture: "routing-rules" },
    { path: `${RULES}?q=search&isActive=true`, heading: "Routing rules", for: admins },
    { path: `${RULES}/new`, heading: "Create routing rule", for: admins },
    { path: `${RULES}/{rule}`, heading: "Searches to the quick", for: admins },
    { path: `${RULES}/order`, heading: "Order of routing rules", for: admins, picture: "routing-order" },
    { path: `${RULES}/simulator`, heading: "Simulator", for: admins },
    {
      path: `${RULES}/simulator?method=tools/call&tool=search_web&headers=x-team:%20research`,
      heading: "Simulator",
      for: admins,
      picture: "routing-test",
    },
    { path: BREAKERS, heading: "Circuit breakers", for: admins, picture: "breakers" },
    { path: `${BREAKERS}/{server}`, heading: "Circuit breaker: search", for: admins, picture: "breaker" },
    { path: QUEUES, heading: "Queues", for: admins, picture: "queues" },
    { path: `${QUEUES}/settings`, heading: "Queue settings", for: admins },
    { path: `${QUEUES}/settings/new`, heading: "Create request queue", for: admins },
  ],
  async prepare(stage) {
    const url = "https://search.example.com/mcp";
    const server = await stage.tenant.addServer({ name: "search", url });
    const other = await stage.tenant.addServer({ name: "search-eu", url });
    await rule(stage, other, "Research first", { headers: { "X-Team": "sales*" } }, 5);
    const id = await rule(stage, server, "Searches to the quick", { tools: ["search_*"] }, 10);
    await rule(stage, other, "A tenth to the new one", { percentage: 10, methods: ["prompts/get"] }, 20);
    await stage.rest("POST", `/servers/${server}/breaker`, { state: "open" });
    await transition(stage, server, "closed", "open", 400);
    await transition(stage, server, "open", "half_open", 390);
    await transition(stage, server, "half_open", "closed", 380);
    return { rule: id, server };
  },
  stories(stage) {
    describe.each([true, false])("with script: %s", (script) => {
      it("makes a rule, shows what is wrong with it, changes it", () =>
        stage().visit(
          "admin",
          async (page) => {
            const name = script ? "To Europe" : "To Asia";
            await page.goto(`${stage().gateway.url}${RULES}/new`);
            await page.getByLabel("Name", { exact: true }).fill(name);
            await page.getByLabel("Headers").fill("X-Region: eu-*\nnonsense");
            await page.getByLabel("Tools").fill("translate_*");
            await page.getByLabel("search-eu").check();
            await page.getByRole("button", { name: "Create routing rule" }).click();
            await expect(page.getByLabel("Headers").getAttribute("aria-invalid")).resolves.toBe("true");
            await page.getByLabel("Headers").fill("X-Region: eu-*");
            await page.getByRole("button", { name: "Create routing rule" }).click();
            await page.getByText("Routing rule created.").waitFor();
            const row = page.getByRole("row").filter({ hasText: name });
            await expect(row.innerText()).resolves.toContain("tool translate_*, header X-Region: eu-*");
            await page.getByRole("link", { name }).click();
            await expect(page.getByLabel("Headers").inputValue()).resolves.toBe("X-Region: eu-*");
            await page.getByLabel("Percentage of sessions").fill("25");
            await page.getByRole("button", { name: "Save changes" }).click();
            await page.getByText("Changes saved.").waitFor();
            await page.getByRole("button", { name: "Delete" }).click();
            await page.getByRole("button", { name: "Undo" }).click();
            await page.getByText("Restored.").waitFor();
            await expect(row.innerText()).resolves.toContain("25 % of sessions");
            await row.getByRole("link").click();
            await page.getByRole("button", { name: "Delete" }).click();
            await page.getByText(`${name} deleted.`).waitFor();
          },
          { script, expected: /status of 422/ },
        ));

      it("puts rules in order by buttons", () =>
        stage().visit(
          "admin",
          async (page) => {
            await page.goto(`${stage().gateway.url}${RULES}`);
            await page.getByRole("link", { name: "Reorder" }).click();
            const last = await page.locator("ol.order > li a").last().innerText();
            const count = await page.locator("ol.order > li").count();
            for (let moves = 1; moves < count; moves += 1) {
              await page.getByRole("button", { name: `Move ${last} up` }).click();
              const place = page.locator("ol.order > li").nth(count - 1 - moves);
              await place.getByRole("link", { name: last }).waitFor();
              await page.getByText("Not saved yet.").waitFor();
            }
            await page.getByRole("button", { name: "Save order" }).click();
            await page.getByText("Order saved.").waitFor();
            await expect(page.locator("tbody a").first().innerText()).resolves.toBe(last);
          },
          { script },
        ));

      it("holds a breaker, and leaves it to itself", () =>
        stage().visit(
          "admin",
          async (page) => {
            await page.goto(`${stage().gateway.url}${BREAKERS}`);
            await page.getByRole("link", { name: "search", exact: true }).click();
            await page.getByRole("button", { name: "Set to automatic" }).click();
            await page.getByText("Circuit breaker set to automatic.").waitFor();
            await page.getByRole("button", { name: "Force open" }).click();
            await page.getByText("forced open").waitFor();
            await page
              .getByRole("row", { name: /forced/ })
              .first()
              .waitFor();
          },
          { script },
        ));
    });

    it("puts rules in order by Alt and the arrows", () =>
      stage().visit("admin", async (page) => {
        await page.goto(`${stage().gateway.url}${RULES}/order`);
        const names = () => page.locator("ol.order > li a").allInnerTexts();
        const [first = "", second = ""] = await names();
        await page.getByRole("link", { name: first }).focus();
        await page.keyboard.press("Alt+ArrowDown");
        expect((await names()).slice(0, 2)).toEqual([second, first]);
        await page.getByRole("button", { name: "Save order" }).click();
        await page.getByText("Order saved.").waitFor();
        await expect(page.locator("tbody a").first().innerText()).resolves.toBe(second);
      }));

    it("shows why a rule does not match, and which one does", () =>
      stage().visit("admin", async (page) => {
        await page.goto(`${stage().gateway.url}${RULES}/simulator`);
        await page.getByLabel("Tool").fill("search_web");
        await page.getByLabel("Headers").fill("X-Team: research");
        await page.getByRole("button", { name: "Run" }).click();
        await page.getByRole("heading", { level: 2, name: "Searches to the quick" }).waitFor();
        const refused = page.getByRole("row", { name: /Research first/ });
        if ((await refused.count()) > 0)
          expect(await refused.innerText()).toContain("a header does not match");
        await page.getByLabel("Tool").fill("unknown");
        await page.getByRole("button", { name: "Run" }).click();
        await page.getByRole("row", { name: /Searches to the quick.*the tool does not match/ }).waitFor();
      }));
  },
});
