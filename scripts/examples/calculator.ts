// A server of pure functions: the same arguments give the same structured result, and one way to fail.
import { type CallToolResult, McpServer } from "@modelcontextprotocol/server";
import * as z from "zod";
import { failure } from "./hosting/text.ts";

const operands = z.object({
  a: z.number().describe("The first number"),
  b: z.number().describe("The second number"),
});
const outcome = z.object({ result: z.number().describe("The result of the calculation") });
const annotations = {
  readOnlyHint: true,
  idempotentHint: true,
  destructiveHint: false,
  openWorldHint: false,
};

export function buildCalculator(): McpServer {
  const mcp = new McpServer(
    { name: "calculator", title: "Calculator", version: "1.0.0" },
    {
      instructions: "Use these tools for arithmetic instead of calculating in your head.",
      capabilities: { tools: {} },
    },
  );

  mcp.registerTool(
    "add",
    {
      title: "Add",
      description: "Adds two numbers.",
      inputSchema: operands,
      outputSchema: outcome,
      annotations,
    },
    ({ a, b }) => answer(`${a} + ${b}`, a + b),
  );

  mcp.registerTool(
    "multiply",
    {
      title: "Multiply",
      description: "Multiplies two numbers.",
      inputSchema: operands,
      outputSchema: outcome,
      annotations,
    },
    ({ a, b }) => answer(`${a} × ${b}`, a * b),
  );

  mcp.registerTool(
    "divide",
    {
      title: "Divide",
      description: "Divides the first number by the second. Division by zero is an error.",
      inputSchema: operands,
      outputSchema: outcome,
      annotations,
    },
    ({ a, b }) => (b === 0 ? failure("A number cannot be divided by zero.") : answer(`${a} ÷ ${b}`, a / b)),
  );

  return mcp;
}

function answer(calculation: string, result: number): CallToolResult {
  // JSON has no infinity, and a result that silently becomes null is worse than none.
  if (!Number.isFinite(result)) return failure("The result is too large.");
  return {
    content: [{ type: "text", text: `${calculation} = ${result}` }],
    structuredContent: { result },
  };
}
