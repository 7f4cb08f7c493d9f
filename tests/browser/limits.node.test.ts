/** Rate limits: what is written, and how full they are. */
import { describe, expect, it } from "vitest";
import { type Stage, walkPages } from "../fixtures/pages.ts";

const admins = ["admin"] as const;
const LIST = "/admin/rate-limits";

/** Creates a ban by repeated violations. */
async function banned(stage: Stage, place: string): Promise<void> {
  const headers = { "cf-connecting-ip": place, "content-type": "application/json" };
  const url = `${stage.gateway.url}/t/${stage.tenant.slug}/mcp`;
  const body = JSON.stringify({ jsonrpc: "2.0", id: 1, method: "tools/list" });
  const ask = () => fetch(url, { method: "POST", headers, body });
  for (let round = 0; round < 8; round += 1) await Promise.all(Array.from({ length: 40 }, ask));
}

walkPages({
  name: "rate limits",
  tenant: { limits: "default", anonymous: true },
  pages: [
    { path: LIST, heading: "Rate limits", for: admins, picture: "rate-limits" },
    { path: `${LIST}?subjectType=role&isActive=true&sort=-limitCount`, heading: "Rate limits", for: admins },
    { path: `${LIST}/new`, heading: "Create rate limit", for: admins },
    { path: `${LIST}/{limit}`, heading: /^250 per minute for role user/, for: admins },
    { path: `${LIST}/usage`, heading: "Rate limit usage", for: ["operator", "admin"], picture: "limits-now" },
  ],
  async prepare(stage) {
    const made = await stage.rest("POST", "/rate-limits", {
      ...{ subjectType: "role", subjectId: "user", limitCount: 250, windowSeconds: 60, burstFactor: 2 },
    });
    await stage.rest("POST", "/rate-limits", {
      subjectType: "tenant",
      limitCount: 20_000,
      windowSeconds: 3600,
    });
    await banned(stage, "203.0.113.66");
    return { limit: String(Object(made).id) };
  },
  stories(stage) {
    describe.each([true, false])("with script: %s", (script) => {
      it("makes a limit for a user, refuses invalid values, changes it", () =>
        stage().visit(
          "admin",
          async (page) => {
            const [seconds, words] = script ? ["60", "per minute"] : ["3600", "per hour"];
            await page.goto(`${stage().gateway.url}${LIST}/new`);
            const subject = page.getByLabel("Subject", { exact: true });
            await subject.selectOption({ label: "role user" });
            await page.getByLabel("Requests").fill("7");
            await page.getByRole("button", { name: "Create rate limit" }).click();
            // One for the same and the same time is there.
            await page.getByText(/There is (?:such )?a rate limit|already/).waitFor();
            await expect(page.getByLabel("Requests").inputValue()).resolves.toBe("7");
            await subject.selectOption({ label: "role readonly" });
            await page.getByLabel("Window (seconds)").fill(seconds ?? "");
            await page.getByRole("button", { name: "Create rate limit" }).click();
            await page.getByText("Rate limit created.").waitFor();
            await page.goto(`${stage().gateway.url}${LIST}?sort=limitCount`);
            await page.getByRole("link", { name: "role readonly" }).first().click();
            await page.getByRole("heading", { level: 1, name: `7 ${words} for role readonly` }).waitFor();
            await page.getByLabel("Requests").fill("8");
            await page.getByRole("button", { name: "Save changes" }).click();
            await page.getByText("Changes saved.").waitFor();
            await page.getByRole("button", { name: "Delete" }).click();
            await page.getByText(/ deleted\./).waitFor();
          },
          { script, expected: /status of 422/ },
        ));
    });

    it("shows the usage of limits, and lifts a ban", () =>
      stage().visit("admin", async (page) => {
        await banned(stage(), "203.0.113.67");
        await page.goto(`${stage().gateway.url}${LIST}/usage`);
        const rows = page.getByRole("row").filter({ hasText: "203.0.113.67" });
        const anonymous = rows.filter({ hasText: "role, per minute" });
        await expect(anonymous.innerText()).resolves.toMatch(/100 %\s+20\s+20/);
        await page.getByRole("link", { name: "Bans" }).click();
        await rows.getByRole("button", { name: "Remove ban" }).click();
        await page.getByText("Ban removed for 203.0.113.67.").waitFor();
        await expect(rows.getByRole("button").count()).resolves.toBe(0);
      }));
  },
});
