// The shortest honest tool results.
import type { CallToolResult } from "@modelcontextprotocol/server";

export function text(value: string): CallToolResult {
  return { content: [{ type: "text", text: value }] };
}

export function failure(value: string): CallToolResult {
  return { ...text(value), isError: true };
}
