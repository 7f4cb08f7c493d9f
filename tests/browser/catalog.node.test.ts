/** The tools and the playground: search, calls through the gateway as the signed-in user, and results. */
import { execFile, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { startExamples } from "../../scripts/examples/start.ts";
import { startEverything } from "../fixtures/everything/start.ts";
import { type Stage, walkPages } from "../fixtures/pages.ts";

const hasPython = spawnSync("python3", ["--version"]).status === 0;

const ids = new Map<string, string>();

async function toolsOf(stage: Stage) {
  const tools = z.object({ items: z.array(z.object({ id: z.string(), name: z.string() })) });
  for (const { id, name } of tools.parse(await stage.rest("GET", "/tools?limit=200")).items)
    ids.set(name, id);
}

walkPages({
  name: "the catalog",
  pages: [
    { path: "/admin/tools", heading: "Tools", picture: "catalog" },
    { path: "/admin/tools?q=adds", heading: "Tools" },
    { path: "/admin/tools/{add}", heading: "Add", picture: "tool" },
    {
      path: "/admin/tools/log/01890a5d-ac96-774b-bcce-b302099a8057",
      heading: "Log of a request",
      for: ["admin"],
    },
  ],
  async prepare(stage) {
    const [examples, everything] = await Promise.all([startExamples(), startEverything()]);
    stage.atEnd(() => examples.close());
    stage.atEnd(() => everything.close());
    for (const { name, url } of [...examples.servers, { name: "everything", url: everything.url }]) {
      const id = await stage.tenant.addServer({ name, url });
      await stage.rest("POST", `/servers/${id}/discover`);
    }
    await toolsOf(stage);
    return { add: ids.get("add") ?? "" };
  },
  stories(stage) {
    const at = (name: string) => `${stage().gateway.url}/admin/tools/${ids.get(name)}`;

    describe.each([true, false])("with script: %s", (script) => {
      it("calls a tool by a form, and shows the result and what the gateway did", () =>
        stage().visit(
          "admin",
          async (page) => {
            await page.goto(at("add"));
            await page.getByLabel("b", { exact: true }).fill("40");
            await page.getByRole("button", { name: "Run tool" }).click();
            await expect(page.getByLabel("a", { exact: true }).getAttribute("aria-invalid")).resolves.toBe(
              "true",
            );
            await page.getByLabel("a", { exact: true }).fill("2");
            await page.getByRole("button", { name: "Run tool" }).click();
            const answer = page.getByRole("region", { name: "Result" });
            await answer.getByText("Success").waitFor();
            expect(await answer.innerText()).toContain("2 + 40 = 42");
            expect(await answer.innerText()).toContain('"result": 42');
            const trace = await page.getByRole("region", { name: "Gateway trace" }).innerText();
            expect(trace).toContain("Allowed: No rule matches");
            expect(trace).toMatch(/calculator/);
            // What was typed is still there, for the next try.
            await expect(page.getByLabel("b", { exact: true }).inputValue()).resolves.toBe("40");
          },
          { script, expected: /status of 422/ },
        ));

      it("answers the requests of a tool, round by round, and three at once", () =>
        stage().visit(
          "admin",
          async (page) => {
            const proceed = () => page.getByRole("button", { name: "Continue" }).click();
            await page.goto(at("test_input_required_result_multi_round"));
            await page.getByRole("button", { name: "Run tool" }).click();
            await page.getByText("Step 1: What is your name?", { exact: true }).waitFor();
            await page.getByLabel("name", { exact: true }).fill("Ann");
            await proceed();
            await page.getByText("Step 2: What is your favorite color?", { exact: true }).waitFor();
            await page.getByLabel("color", { exact: true }).fill("blue");
            await proceed();
            await page.getByText("Ann likes blue.", { exact: true }).waitFor();

            await page.goto(at("test_input_required_result_multiple_inputs"));
            await page.getByRole("button", { name: "Run tool" }).click();
            await page.getByLabel("name", { exact: true }).fill("Ben");
            await page.getByLabel("Response of the model").fill("Good morning,");
            await proceed();
            await page.getByText("Good morning, Ben, with 0 roots", { exact: true }).waitFor();
          },
          { script },
        ));

      it("offers the choices of an elicitation, and declines it", () =>
        stage().visit(
          "admin",
          async (page) => {
            await page.goto(at("test_elicitation_sep1330_enums"));
            await page.getByRole("button", { name: "Run tool" }).click();
            await page.getByLabel(/^titledSingle/).selectOption({ label: "Second Option" });
            await page.getByLabel("Third Choice").check();
            await page.getByRole("button", { name: "Continue" }).click();
            await page
              .getByText(/"titledSingle":"value2".*"titledMulti":\["value3"\]/)
              .first()
              .waitFor();

            await page.goto(at("test_elicitation_sep1330_enums"));
            await page.getByRole("button", { name: "Run tool" }).click();
            await page.getByLabel("Answer").selectOption("Decline");
            await page.getByRole("button", { name: "Continue" }).click();
            await page.getByText("action=decline, content={}").first().waitFor();
          },
          { script },
        ));

      it("writes the messages of a tool as they come", () =>
        stage().visit(
          "user",
          async (page) => {
            await page.goto(at("test_tool_with_progress"));
            await page.getByRole("button", { name: "Run tool" }).click();
            await page.getByText("Reported three times.", { exact: true }).waitFor();
            const meanwhile = await page.getByRole("log", { name: "Progress" }).innerText();
            expect(meanwhile).toMatch(/0 of 100[\s\S]*50 of 100[\s\S]*100 of 100/);
          },
          { script },
        ));
    });

    it("prints a curl command that makes the same call", () =>
      stage().visit("admin", async (page) => {
        await page.goto(at("test_header_parameters"));
        await page.getByLabel(/^region/).fill("it's $HOME");
        await page.getByRole("button", { name: "Run tool" }).click();
        await page.getByText("Code for this call").click();
        const command = await page.locator("#code-curl").innerText();
        const key = await stage().tenant.addKey();
        const env = { ...process.env, MCP_API_KEY: key };
        const { stdout } = await promisify(execFile)("bash", ["-c", `${command} -s`], { env });
        expect(stdout).toContain("it's $HOME");
        expect(stdout).toContain('"resultType":"complete"');
      }));

    it("prints TypeScript and Python that make the same call", () =>
      stage().visit("admin", async (page) => {
        await page.goto(at("multiply"));
        await page.getByLabel("a", { exact: true }).fill("6");
        await page.getByLabel("b", { exact: true }).fill("7");
        await page.getByRole("button", { name: "Run tool" }).click();
        await page.getByText("Code for this call").click();
        const typescript = await page.locator("#code-typescript").innerText();
        const python = await page.locator("#code-python").innerText();
        const env = { ...process.env, MCP_API_KEY: await stage().tenant.addKey() };
        // Inside the project, whose packages the code imports.
        const dir = mkdtempSync(".dev/playground-");
        try {
          writeFileSync(`${dir}/call.ts`, typescript);
          writeFileSync(`${dir}/call.py`, python);
          const { stdout } = await promisify(execFile)(process.execPath, [`${dir}/call.ts`], { env });
          expect(stdout).toContain("6 × 7 = 42");
          if (hasPython) await promisify(execFile)("python3", ["-m", "py_compile", `${dir}/call.py`]);
        } finally {
          rmSync(dir, { recursive: true });
        }
      }));

    it("shows the user's own calls of a tool, and no other user's", () =>
      stage().visit("readonly", async (page) => {
        await page.goto(at("multiply"));
        await page.getByRole("region", { name: "Your recent calls" }).getByText("No calls").waitFor();
        await page.getByLabel("a", { exact: true }).fill("2");
        await page.getByLabel("b", { exact: true }).fill("3");
        await page.getByRole("button", { name: "Run tool" }).click();
        await page.getByText("2 × 3 = 6", { exact: true }).waitFor();
        await expect
          .poll(
            async () => {
              await page.goto(at("multiply"));
              return page.getByRole("region", { name: "Your recent calls" }).getByRole("listitem").count();
            },
            { timeout: 30_000, interval: 500 },
          )
          .toBe(1);
      }));

    it("shows images, and the tool's own failures", () =>
      stage().visit("admin", async (page) => {
        await page.goto(at("test_image_content"));
        await page.getByRole("button", { name: "Run tool" }).click();
        await page.getByRole("img", { name: "Tool result" }).waitFor();
        await page.goto(at("divide"));
        await page.getByLabel("a", { exact: true }).fill("1");
        await page.getByLabel("b", { exact: true }).fill("0");
        await page.getByRole("button", { name: "Run tool" }).click();
        await page.getByText("Tool error").waitFor();
        await page.getByText("A number cannot be divided by zero.", { exact: true }).waitFor();
      }));

    it("repeats arguments in headers where the schema requires it", () =>
      stage().visit("admin", async (page) => {
        await page.goto(at("test_header_parameters"));
        await page.getByLabel(/^region/).fill("eu-west");
        await page.getByLabel(/^dry/).selectOption("true");
        await page.getByRole("button", { name: "Run tool" }).click();
        const answer = page.getByRole("region", { name: "Result" });
        await answer.getByText("mcp-param-region").waitFor();
        expect(await answer.innerText()).toContain('{"args":{"region":"eu-west","dry":true}');
      }));

    it("finds the call in the log", () =>
      stage().visit("admin", async (page) => {
        await page.goto(at("multiply"));
        await page.getByLabel("a", { exact: true }).fill("6");
        await page.getByLabel("b", { exact: true }).fill("7");
        await page.getByRole("button", { name: "Run tool" }).click();
        await page.getByText("6 × 7 = 42", { exact: true }).waitFor();
        const trace = page.getByRole("region", { name: "Gateway trace" });
        await trace.getByText("tools/call multiply").waitFor();
        expect(await trace.innerText()).toMatch(/Total duration\s+\d/);
      }));

    it("lets those who only read call tools that only read, and shows them no others", () =>
      stage().visit("readonly", async (page) => {
        await page.goto(at("add"));
        await page.getByLabel("a", { exact: true }).fill("1");
        await page.getByLabel("b", { exact: true }).fill("1");
        await page.getByRole("button", { name: "Run tool" }).click();
        await page.getByText("1 + 1 = 2", { exact: true }).waitFor();
        await page.goto(`${stage().gateway.url}/admin/tools?q=test_slow`);
        await page.getByText("No results").waitFor();
      }));
  },
});
