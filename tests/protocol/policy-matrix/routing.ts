/** Routing rules and failover: which server answers a call at the aggregated endpoint. */
import { expect } from "vitest";
import { textIn } from "../../fixtures/wire.ts";
import type { PolicyGroup } from "./cells.ts";
import { expectFacts, statusFor, succeeded, toolCall } from "./outcome.ts";
import { inSetting } from "./setting.ts";

export const routing: PolicyGroup = {
  "round robin": (cell) =>
    inSetting(cell, { others: ["second"], strategy: "round_robin" }, async (setting) => {
      const texts: string[] = [];
      for (let count = 0; count < 6; count += 1) texts.push(textIn((await setting.call("read")).message));
      expect(texts.toSorted()).toEqual([...Array(3).fill("first:read"), ...Array(3).fill("second:read")]);
      const last = await setting.call("read");
      const [server = ""] = textIn(last.message).split(":");
      await expectFacts(setting, last, toolCall("read"), succeeded(setting, last, toolCall("read"), server));
    }),

  "failover when dead": (cell) =>
    inSetting(cell, { others: ["second"], strategy: "priority-failover" }, async (setting) => {
      await setting.server.stop();
      const answer = await setting.call("read");
      expect(textIn(answer.message)).toBe("second:read");
      await expectFacts(setting, answer, toolCall("read"), {
        ...succeeded(setting, answer, toolCall("read"), "second"),
        "reached first": "",
        "reached second": "read",
      });
    }),

  "failover when 500": (cell) =>
    inSetting(cell, { others: ["second"], strategy: "priority-failover" }, async (setting) => {
      setting.server.failWith(500);
      const answer = await setting.call("read");
      expect(textIn(answer.message)).toBe("second:read");
      await expectFacts(setting, answer, toolCall("read"), {
        ...succeeded(setting, answer, toolCall("read"), "second"),
        "reached first": "read",
        "reached second": "read",
      });
      // The first server may have written already.
      const written = await setting.call("write");
      await expectFacts(setting, written, toolCall("write"), {
        "answer has its id": true,
        "answer code": -31502,
        "answer status": statusFor(setting, written, 502),
        "mcp_audit_logs success": false,
        "mcp_audit_logs server": "first",
        "reached first": "read write",
        "reached second": "read",
      });
    }),
};
