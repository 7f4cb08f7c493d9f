// Log entries. They are kept even where their tenant, user or server is gone, and sanitized like new ones.
import { sanitizePayload } from "../../../src/core/sanitize-payload.ts";
import type { RowReader } from "../row-reader.ts";
import { type Cell, toTargetRow } from "../target-tables.ts";
import { loggedTenant, loggedUser, type Transform } from "./transformed.ts";

const MAX_DURATION_MS = 86_400_000;
/** nginx's status of a request whose client left; used for requests that the old backend never answered. */
const UNANSWERED = 499;

const clean = (value: Record<string, unknown>): Cell => ({ json: sanitizePayload(value) });

export const transformAudit: Transform = (row, references) => {
  const timestamp = row.eventTime("timestamp", "created_at");
  const service = row.text("service_name", 100);
  const details = { ...row.object("details"), ...(service !== null && { serviceName: service }) };
  const entry = toTargetRow("audit_logs", {
    id: row.uuid("id", "audit_logs"),
    timestamp,
    tenant_id: loggedTenant(row, references),
    user_id: loggedUser(row, references),
    action: row.requiredText("action", 200),
    resource_type: row.text("resource_type", 100) ?? "unknown",
    resource_id: row.text("resource_id", 255),
    success: row.flag("success", true),
    ip_address: row.text("ip_address", 45),
    user_agent: row.text("user_agent", 500),
    request_id: row.text("request_id", 255),
    details: clean(details),
    error_message: row.text("error_message", 4000),
    created_at: row.time("created_at") ?? timestamp,
  });
  return { rows: [entry] };
};

export const transformMcpAudit: Transform = (row, references) => {
  const timestamp = row.eventTime("timestamp", "created_at");
  const params = row.object("params");
  const entry = toTargetRow("mcp_audit_logs", {
    id: row.uuid("id", "mcp_audit_logs"),
    timestamp,
    tenant_id: loggedTenant(row, references),
    user_id: loggedUser(row, references),
    roles: row.texts("user_roles").map((role) => role.toLowerCase()),
    method: row.requiredText("method", 200),
    target: readTarget(params),
    params: clean(params),
    duration_ms: row.bounded("duration_ms", 0, MAX_DURATION_MS),
    success: row.flag("success", true),
    error_code: row.bounded("error_code", -2_147_483_648, 2_147_483_647),
    error_message: row.text("error_message", 4000),
    request_id: row.text("request_id", 255),
    created_at: row.time("created_at") ?? timestamp,
  });
  return { rows: [entry] };
};

function readTarget({ name, uri }: Record<string, unknown>): string | null {
  if (typeof name === "string") return name.slice(0, 500);
  return typeof uri === "string" ? uri.slice(0, 500) : null;
}

export const transformRequest: Transform = (row, references) => {
  const time = row.eventTime("request_time", "created_at");
  const oldServer = row.reference("target_server_id");
  const error = row.text("error_message", 1000);
  const status = row.bounded("status_code", 100, 599);
  if (status === null) row.repairs.add(`status_code: missing, set to ${UNANSWERED}`);
  const message = error === null ? {} : { errorMessage: error };
  const entry = toTargetRow("request_logs", {
    id: row.uuid("id", "request_logs"),
    request_time: time,
    tenant_id: loggedTenant(row, references),
    user_id: loggedUser(row, references),
    request_id: row.text("request_id", 255),
    method: row.text("method", 10) ?? "UNKNOWN",
    path: row.text("path", 500) ?? "/",
    target_server_id: oldServer === undefined ? null : (references.server(oldServer)?.id ?? null),
    status_code: Math.trunc(status ?? UNANSWERED),
    duration_ms: readDuration(row, time),
    ip_address: row.text("ip_address", 45),
    error_code: row.text("error_type", 100),
    // Headers and query parameters can contain credentials, and are left in the export.
    metadata: clean({ ...row.object("request_metadata"), ...message }),
    created_at: row.time("created_at") ?? time,
  });
  return { rows: [entry] };
};

/** A response before its request is a clock that was set back; then the duration is unknown. */
function readDuration(row: RowReader, requestTime: string): number {
  const stored = row.bounded("duration_ms", 0, MAX_DURATION_MS);
  if (stored !== null) return stored;
  const response = row.time("response_time");
  const measured = response === null ? -1 : Date.parse(response) - Date.parse(requestTime);
  if (measured >= 0 && measured <= MAX_DURATION_MS) return measured;
  row.repairs.add("duration_ms: unknown, set to 0");
  return 0;
}
