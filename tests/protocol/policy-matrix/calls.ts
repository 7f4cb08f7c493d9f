/** Single calls: maintenance, concurrency, limits, cancellation, timeouts, and tools that report an error. */
import { expect, vi } from "vitest";
import { z } from "zod";
import type { Answer } from "../../fixtures/policy-clients.ts";
import type { PolicyGroup } from "./cells.ts";
import { expectFacts, expectTransitions, failed, failedUpstream, succeeded, toolCall } from "./outcome.ts";
import { inSetting, type Setting } from "./setting.ts";

const WAIT = { timeout: 40_000, interval: 200 };

/** More than the breaker needs to open, if it counted them. */
const MANY = 12;

export const calls: PolicyGroup = {
  "maintenance window": (cell) =>
    inSetting(cell, {}, async (setting) => {
      const now = Date.now();
      await setting.administer("POST", "/maintenance-windows", {
        serverId: setting.serverId,
        title: "upgrade",
        startsAt: new Date(now - 60_000).toISOString(),
        endsAt: new Date(now + 3_600_000).toISOString(),
      });
      const call = toolCall("write");
      const answer = await untilRefused(setting, "write");
      const reached = setting.server.operations.join(" ");
      await expectFacts(setting, answer, call, {
        ...failed(setting, answer, call, "maintenance"),
        "reached first": reached,
      });
    }),

  "max_concurrency 1 with a streamed answer": (cell) =>
    inSetting(cell, { maxConcurrency: 1, bystander: true }, async (setting) => {
      const { server } = setting;
      const first = setting.call("stream");
      await vi.waitFor(() => expect(server.load.running).toBe(1), WAIT);
      const second = setting.call("write");
      // By then every call would have reached the server.
      for (let count = 0; count < 3; count += 1) await setting.callBystander();
      expect(server.operations).toEqual(["stream"]);
      server.release();
      const [streamed, waited] = await Promise.all([first, second]);
      expect(server.load.peak).toBe(1);
      expect(server.operations).toEqual(["stream", "write"]);
      await expectFacts(
        setting,
        streamed,
        toolCall("stream"),
        succeeded(setting, streamed, toolCall("stream")),
      );
      await expectFacts(setting, waited, toolCall("write"), succeeded(setting, waited, toolCall("write")));
    }),

  // The fixture answers without Content-Length.
  "tool-error outcome": (cell) =>
    inSetting(cell, {}, async (setting) => {
      const call = toolCall("fail");
      const answers: Answer[] = [];
      for (let count = 0; count < MANY; count += 1) answers.push(await setting.call("fail"));
      expect(answers.filter(({ message }) => message.result?.isError === true)).toHaveLength(MANY);
      expect(setting.server.operations).toHaveLength(MANY);
      for (const answer of answers.slice(-1)) {
        await expectFacts(setting, answer, call, {
          ...succeeded(setting, answer, call),
          "answer is a tool error": true,
          "request_logs error_code": "tool_error",
          "mcp_audit_logs success": false,
          "error_logs rows": 0,
        });
      }
      await expectTransitions(setting, []);
    }),

  "rate limit reached": (cell) =>
    inSetting(cell, { key: { limits: { rateLimitPerHour: 12, rateLimitPerDay: 1000 } } }, async (setting) => {
      const answer = await untilRefused(setting, "write");
      const reached = setting.server.operations.join(" ");
      const { audits } = await setting.logs.of(answer.requestId);
      await expectFacts(setting, answer, toolCall("write"), {
        "answer code": -31429,
        "answer status": 429,
        "answer has Retry-After": true,
        "request_logs rows": 1,
        "request_logs status_code": 429,
        "request_logs error_code": "too_many_requests",
        "error_logs rows": 0,
        "reached first": reached,
      });
      // If an exhausted limit is known before the body is read, the operation is unknown.
      expect(audits.filter(({ success }) => success)).toEqual([]);
    }),

  "limit of a tool reached": (cell) =>
    inSetting(
      cell,
      { limits: [{ subjectType: "tool", toolName: "write", limitCount: 2 }] },
      async (setting) => {
        const call = toolCall("write");
        await setting.call("write");
        await setting.call("write");
        const answer = await setting.call("write");
        await expectFacts(setting, answer, call, {
          ...failed(setting, answer, call, "too_many_requests"),
          "answer has Retry-After": answer.status === 429,
          "error_logs rows": 0,
          "reached first": "write write",
        });
        // Other tools of the server have no limit.
        const other = await setting.call("read");
        expect(other.message.result).toBeDefined();
      },
    ),

  "budget exhausted": (cell) =>
    inSetting(
      cell,
      { budget: 7, serverSettings: { tools: { write: { cost: 3 }, read: { cost: 0 } } } },
      async (setting) => {
        const call = toolCall("write");
        const first = await setting.call("write");
        await expectFacts(setting, first, call, {
          ...succeeded(setting, first, call),
          "mcp_audit_logs cost": 3,
        });
        await setting.call("write");
        const answer = await setting.call("write");
        await expectFacts(setting, answer, call, {
          ...failed(setting, answer, call, "budget_exceeded"),
          "mcp_audit_logs cost": 0,
          "answer has Retry-After": answer.status === 429,
          "error_logs rows": 0,
          "reached first": "write write",
        });
        // One unit is left, and other tools cost nothing.
        const free = await setting.call("read");
        expect(free.message.result).toBeDefined();
      },
    ),

  "timeout of a tool": (cell) =>
    inSetting(cell, { serverSettings: { tools: { hang: { timeoutMs: 2000 } } } }, async (setting) => {
      const call = toolCall("hang");
      const answer = await setting.call("hang");
      await expectFacts(setting, answer, call, {
        ...failedUpstream(setting, answer, call, "upstream_timeout"),
        "reached first": "hang",
      });
    }),

  "canceled by admin": (cell) =>
    inSetting(cell, {}, async (setting) => {
      const call = toolCall("hang");
      const hanging = setting.call("hang");
      const id = await vi.waitFor(() => activeRequest(setting), WAIT);
      await setting.administer("POST", `/active-requests/${id}/cancel`);
      const answer = await hanging;
      await expectFacts(setting, answer, call, {
        ...failed(setting, answer, call, "cancelled"),
        "error_logs rows": 0,
        "reached first": "hang",
      });
      await expectTransitions(setting, []);
    }),

  timeout: (cell) =>
    inSetting(
      cell,
      { serverSettings: { firstByteTimeoutMs: 3000, idleTimeoutMs: 3000 } },
      async (setting) => {
        const call = toolCall("hang");
        const answer = await setting.call("hang");
        await expectFacts(setting, answer, call, {
          ...failedUpstream(setting, answer, call, "upstream_timeout"),
          "reached first": "hang",
        });
      },
    ),
};

/** A change of the configuration reaches every isolate within a second; a limit has to be used up. */
async function untilRefused(setting: Setting, tool: string): Promise<Answer> {
  return vi.waitFor(
    async () => {
      const answer = await setting.call(tool);
      if (answer.message.error === undefined) throw new Error("every call is answered");
      return answer;
    },
    { timeout: 40_000, interval: 20 },
  );
}

const active = z.object({ items: z.array(z.object({ id: z.string(), target: z.string() })) });

async function activeRequest(setting: Setting): Promise<string> {
  const { items } = active.parse(await setting.administer("GET", "/active-requests"));
  const [request] = items.filter(({ target }) => target === "hang");
  if (request === undefined) throw new Error("The call is not among the active requests.");
  return request.id;
}
