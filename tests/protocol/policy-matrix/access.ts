/** Access rules: what the caller may not use looks unknown, is recorded, and never reaches the upstream. */
import { CONFIGURATION, DOCUMENT, PROMPT } from "../../fixtures/policy-offers.ts";
import type { Cell, PolicyGroup } from "./cells.ts";
import { denied, expectFacts, type Operation, toolCall } from "./outcome.ts";
import { inSetting, type SettingOptions } from "./setting.ts";

const INVALID_PARAMS = -32602;
const RESOURCE_NOT_FOUND = -32002;

/** Modern revisions have one code for every unknown target. */
const resourceCode = ({ client }: Cell) => (client === "2026-07-28" ? INVALID_PARAMS : RESOURCE_NOT_FOUND);

function refuses(
  operation: Operation,
  options: SettingOptions,
  text: string,
  codeOf: (cell: Cell) => number,
) {
  const { method, target } = operation;
  return (cell: Cell) =>
    inSetting(cell, options, async (setting) => {
      const params = method === "resources/read" ? { uri: target } : { name: target };
      const answer = await setting.ask(method, params);
      await expectFacts(setting, answer, operation, denied(answer, operation, codeOf(cell), text));
    });
}

export const access: PolicyGroup = {
  "access deny on tool": refuses(
    toolCall("write"),
    { deny: { kind: "tool", pattern: "write" } },
    "Unknown tool",
    () => INVALID_PARAMS,
  ),
  "access deny on tool by a group": refuses(
    toolCall("write"),
    { key: { role: "user" }, deny: { kind: "tool", pattern: "write", group: true } },
    "Unknown tool",
    () => INVALID_PARAMS,
  ),
  "access deny on resource": refuses(
    { method: "resources/read", target: DOCUMENT },
    { deny: { kind: "resource", pattern: DOCUMENT } },
    "Resource not found",
    resourceCode,
  ),
  "access deny on prompt": refuses(
    { method: "prompts/get", target: PROMPT },
    { deny: { kind: "prompt", pattern: PROMPT } },
    "Unknown prompt",
    () => INVALID_PARAMS,
  ),
  "config:// as user": refuses(
    { method: "resources/read", target: CONFIGURATION },
    { key: { role: "user" } },
    "Resource not found",
    resourceCode,
  ),
};
