/**
 * Toolset bindings and access rules on toolsets: a bound key reaches the items of its toolset at the aggregated endpoint
 * and at the toolset's own, and nothing at any other endpoint; what it had open before does not help it.
 */
import { expect, vi } from "vitest";
import { z } from "zod";
import type { PolicyClient } from "../../fixtures/policy-clients.ts";
import type { Cell, PolicyGroup } from "./cells.ts";
import { inSetting, type Setting, type SettingOptions } from "./setting.ts";

const TAKES_EFFECT = { timeout: 20_000, interval: 200 };
const listed = z.object({ tools: z.array(z.object({ name: z.string() })) });
const made = z.object({ id: z.string() });

/** Whether a call is answered by a result; a client that cannot even connect has none. */
async function isServed(connect: () => Promise<PolicyClient>, tool: string): Promise<boolean> {
  let client: PolicyClient | undefined;
  try {
    client = await connect();
    const { message } = await client.ask("tools/call", { name: tool, arguments: {} });
    return message.result !== undefined;
  } catch {
    return false;
  } finally {
    await client?.close().catch(() => undefined);
  }
}

async function bind(setting: Setting, slug: string): Promise<void> {
  const members = [{ kind: "tool", pattern: "read" }];
  const toolset = await setting.administer("POST", "/toolsets", { slug, title: slug, members });
  await setting.administer("POST", "/toolset-bindings", {
    subjectType: "key",
    subjectId: setting.keyId,
    toolsetId: made.parse(toolset).id,
  });
}

const withUser: SettingOptions = { key: { role: "user" } };

export const bindings: PolicyGroup = {
  "bound key": (cell: Cell) =>
    inSetting(cell, withUser, async (setting) => {
      expect((await setting.call("write")).message.result).toBeDefined();
      await bind(setting, "readers");
      const { connect } = setting;
      await vi.waitFor(async () => expect(await isServed(connect, "write")).toBe(false), TAKES_EFFECT);
      const isOpen = cell.endpoint === "aggregated endpoint";
      expect(await isServed(connect, "read")).toBe(isOpen);
      // The client that was there before the binding is no better off.
      const reached = setting.server.operations.length;
      expect(await isServed(setting.reuse, "write")).toBe(false);
      expect(setting.server.operations.slice(reached)).toEqual([]);
      if (!isOpen) return;
      const client = await connect();
      const { message } = await client.ask("tools/list");
      expect(listed.parse(message.result).tools.map(({ name }) => name)).toEqual(["read"]);
      await client.close().catch(() => undefined);
    }),
  "access deny on toolset": (cell: Cell) =>
    inSetting(cell, withUser, async (setting) => {
      const { connect } = setting;
      await setting.administer("POST", "/access-controls", {
        subject: { type: "key", id: setting.keyId },
        objectType: "toolset",
        objectPattern: "al?",
        effect: "deny",
      });
      if (cell.endpoint !== "toolset endpoint") return expect(await isServed(connect, "read")).toBe(true);
      await vi.waitFor(async () => expect(await isServed(connect, "read")).toBe(false), TAKES_EFFECT);
      expect(await isServed(setting.reuse, "read")).toBe(false);
    }),
};
