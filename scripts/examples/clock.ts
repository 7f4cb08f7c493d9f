// A server that takes its time: the present moment, a countdown that reports how far it is, and a question to the
// user before it answers.
import { setTimeout as wait } from "node:timers/promises";
import { acceptedContent, inputRequired, inputResponse, McpServer } from "@modelcontextprotocol/server";
import * as z from "zod";
import { failure, text } from "./hosting/text.ts";

const moment = z.object({
  zone: z.string().describe("The time zone's IANA name"),
  iso: z.string().describe("The moment in UTC, ISO 8601"),
  local: z.string().describe("The moment in that time zone"),
});
const zone = z.string().describe("An IANA time zone, for example Europe/Berlin");
const ZONES = ["Europe/Berlin", "America/New_York", "Asia/Tokyo", "UTC"];

export function buildClock(now: () => Date = () => new Date()): McpServer {
  const mcp = new McpServer(
    { name: "clock", title: "Clock", version: "1.0.0" },
    { instructions: "Returns the current time in any time zone.", capabilities: { tools: {} } },
  );

  mcp.registerTool(
    "current_time",
    {
      title: "Current time",
      description: "Returns the current time in a time zone.",
      inputSchema: z.object({ zone: zone.default("UTC") }),
      outputSchema: moment,
      annotations: { readOnlyHint: true, openWorldHint: false },
    },
    (args) => tell(now(), args.zone),
  );

  mcp.registerTool(
    "countdown",
    {
      title: "Count down",
      description:
        "Counts down, reports progress, and returns at zero. Ends early when the call is canceled.",
      inputSchema: z.object({
        steps: z.int().min(1).max(60).describe("Start value"),
        intervalMs: z.int().min(1).max(5000).default(1000).describe("Milliseconds between two steps"),
      }),
      annotations: { readOnlyHint: true, openWorldHint: false },
    },
    async ({ steps, intervalMs }, ctx) => {
      const progressToken = ctx.mcpReq._meta?.progressToken;
      for (let step = 1; step <= steps; step++) {
        await wait(intervalMs, undefined, { signal: ctx.mcpReq.signal });
        if (progressToken === undefined) continue;
        await ctx.mcpReq.notify({
          method: "notifications/progress",
          params: { progressToken, progress: step, total: steps, message: `${steps - step} remaining` },
        });
      }
      return text("Zero.");
    },
  );

  mcp.registerTool(
    "time_for_me",
    {
      title: "Local time",
      description: "Asks the user for a time zone, then returns the time there.",
      outputSchema: moment,
      annotations: { readOnlyHint: true, openWorldHint: false },
    },
    (ctx) => {
      const answer = inputResponse(ctx.mcpReq.inputResponses, "zone");
      if (answer.kind === "elicit" && answer.action !== "accept") return failure("A time zone is required.");
      const chosen = acceptedContent(ctx.mcpReq.inputResponses, "zone", z.object({ zone: z.string() }));
      if (chosen !== undefined) return tell(now(), chosen.zone);
      return inputRequired({
        inputRequests: {
          zone: inputRequired.elicit({
            message: "Which time zone are you in?",
            requestedSchema: {
              type: "object",
              properties: { zone: { type: "string", title: "Time zone", enum: ZONES } },
              required: ["zone"],
            },
          }),
        },
      });
    },
  );

  return mcp;
}

function tell(at: Date, zone: string) {
  let local: string;
  try {
    local = at.toLocaleString("en-GB", { timeZone: zone, dateStyle: "full", timeStyle: "long" });
  } catch {
    return failure(`${zone} is not a known time zone.`);
  }
  return { ...text(local), structuredContent: { zone, iso: at.toISOString(), local } };
}
