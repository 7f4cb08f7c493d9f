/**
 * The definitions of the runtime settings. They are plain data, shared by the REST API, the pages and the hot path.
 */
import { LOG_LEVELS } from "../telemetry/log-levels.ts";
import { BUDGET_SETTINGS } from "./budget-settings.ts";
import { OPERATION_SETTINGS } from "./operation-settings.ts";
import { SESSION_SETTINGS } from "./session-settings.ts";
import type { Setting } from "./setting.ts";
import { TRAFFIC_SETTINGS } from "./traffic-settings.ts";

export const SETTINGS = {
  "logging.payloads.sample": {
    type: "number",
    label: "Payload sampling rate",
    description:
      "0 logs no payloads, 1 logs all. Payloads are sanitized and stored with the audit log entry of the call.",
    whose: "tenant",
    fallback: 0,
    min: 0,
    max: 1,
  },
  "logging.payloads.results": {
    type: "switch",
    label: "Log results",
    description: "Log the results of sampled calls in addition to their parameters.",
    whose: "tenant",
    fallback: false,
  },
  "logging.payloads.fields": {
    type: "names",
    label: "Redacted fields",
    description: "Field names whose values are replaced, in addition to known secret names.",
    whose: "both",
    fallback: [],
    most: 100,
  },
  "logging.payloads.emails": {
    type: "switch",
    label: "Redact email addresses",
    description: "Replaces email addresses in logged payloads.",
    whose: "both",
    fallback: false,
  },
  "mcp.instructions": {
    type: "text",
    label: "Instructions for clients",
    description: "Instructions of the aggregated endpoint, placed before the instructions of each server.",
    whose: "tenant",
    fallback: "",
    longest: 4000,
  },
  "mcp.max_request_bytes": {
    type: "number",
    label: "Largest request",
    description: "Bytes of the largest body of an MCP request, at most what the gateway itself accepts.",
    whose: "both",
    fallback: 104_857_600,
    min: 1024,
    max: 104_857_600,
    isInteger: true,
  },
  "telemetry.otlp.endpoint": {
    type: "text",
    label: "OpenTelemetry collector",
    description: "Base URL of the OTLP endpoint, without /v1/traces. Empty: nothing is sent.",
    whose: "both",
    fallback: "",
    longest: 500,
    isUrl: true,
  },
  "telemetry.otlp.authorization": {
    type: "secret",
    label: "Collector authorization",
    description: "Value of the Authorization header sent to the collector.",
    whose: "both",
    longest: 2000,
  },
  "telemetry.traces.sample": {
    type: "number",
    label: "Trace sampling rate",
    description: "Requests whose caller sampled the trace are always traced.",
    whose: "both",
    fallback: 1,
    min: 0,
    max: 1,
  },
  "telemetry.metrics.enabled": {
    type: "switch",
    label: "Send metrics",
    description: "Send the totals of the day to the collector each minute, at /v1/metrics.",
    whose: "both",
    fallback: false,
  },
  "telemetry.logs.level": {
    type: "choice",
    label: "Log export level",
    description:
      "The least severe records that are sent to the collector, at /v1/logs: requests, MCP operations, audit entries and events.",
    whose: "both",
    options: ["off", ...LOG_LEVELS],
    fallback: "off",
  },
  ...SESSION_SETTINGS,
  ...BUDGET_SETTINGS,
  ...TRAFFIC_SETTINGS,
  ...OPERATION_SETTINGS,
} as const satisfies Record<string, Setting>;

export type SettingKey = keyof typeof SETTINGS;

export const SETTING_KEYS = Object.keys(SETTINGS).filter(isSettingKey);

export function isSettingKey(key: string): key is SettingKey {
  return Object.hasOwn(SETTINGS, key);
}

export function getSetting(key: string): Setting | undefined {
  return isSettingKey(key) ? SETTINGS[key] : undefined;
}

/** Key prefixes reserved for the gateway: an unknown key with one of them is an error. Other keys are custom values. */
const CUSTOM_KEY = new Set(SETTING_KEYS.map((key) => key.split(".")[0]));

export const isCustomKey = (key: string): boolean => CUSTOM_KEY.has(key.split(".")[0]);
