/** The protocol's revisions and the names it gives to things on the wire. */

/** Handshake and optional sessions. */
const LEGACY_REVISIONS = ["2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25"] as const;
/** Every request carries its own `_meta`; no sessions. */
export const MODERN_REVISIONS = ["2026-07-28"] as const;

export type Era = "legacy" | "modern";

export const LATEST_LEGACY = "2025-11-25";
export const LATEST_MODERN = "2026-07-28";
/** The revision of a legacy request without the header. */
export const UNSTATED_REVISION = "2025-03-26";

export const isLegacyRevision = (text: string) => (LEGACY_REVISIONS as readonly string[]).includes(text);
export const isModernRevision = (text: string) => (MODERN_REVISIONS as readonly string[]).includes(text);

export const HEADERS = {
  protocolVersion: "mcp-protocol-version",
  sessionId: "mcp-session-id",
  method: "mcp-method",
  name: "mcp-name",
  lastEventId: "last-event-id",
  /** Ours: the gateways that a request has passed, so that none serves it twice. */
  gatewayPath: "mcp-gateway-path",
} as const;

export const META = {
  protocolVersion: "io.modelcontextprotocol/protocolVersion",
  clientCapabilities: "io.modelcontextprotocol/clientCapabilities",
  clientInfo: "io.modelcontextprotocol/clientInfo",
  logLevel: "io.modelcontextprotocol/logLevel",
  serverInfo: "io.modelcontextprotocol/serverInfo",
  subscriptionId: "io.modelcontextprotocol/subscriptionId",
} as const;

export const HEADER_MISMATCH = -32020;
export const MISSING_CLIENT_CAPABILITY = -32021;
export const UNSUPPORTED_PROTOCOL_VERSION = -32022;

/** The parameter that `Mcp-Name` repeats, by method. */
export const NAMED_BY: Readonly<Record<string, "name" | "uri" | "taskId">> = {
  "tools/call": "name",
  "prompts/get": "name",
  "resources/read": "uri",
  "tasks/get": "taskId",
  "tasks/update": "taskId",
  "tasks/cancel": "taskId",
};

export const TASKS_EXTENSION = "io.modelcontextprotocol/tasks";
