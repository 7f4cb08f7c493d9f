/**
 * The settings that the gateway reads while it runs: what each may be, what it is as long as nobody says otherwise, and
 * who may say. They are plain data, so that REST, pages and the hot path all read the one table.
 */

interface SettingDescription {
  readonly label: string;
  readonly description: string;
  /** Who may set it. Where both may, a tenant's own value comes before the whole system's. */
  readonly whose: "tenant" | "system" | "both";
}

export interface SwitchSetting extends SettingDescription {
  readonly type: "switch";
  readonly fallback: boolean;
}

export interface NumberSetting extends SettingDescription {
  readonly type: "number";
  readonly fallback: number;
  readonly min: number;
  readonly max: number;
}

export interface TextSetting extends SettingDescription {
  readonly type: "text";
  readonly fallback: string;
  readonly longest: number;
  /** An address that must be https, or on this machine. */
  readonly isUrl?: true;
}

export interface NamesSetting extends SettingDescription {
  readonly type: "names";
  readonly fallback: readonly string[];
  readonly most: number;
}

/** Sealed in the database, and shown to nobody. */
export interface SecretSetting extends SettingDescription {
  readonly type: "secret";
  readonly longest: number;
}

export type Setting = SwitchSetting | NumberSetting | TextSetting | NamesSetting | SecretSetting;

export const SETTINGS = {
  "logging.payloads.sample": {
    type: "number",
    label: "Share of calls whose payload is kept",
    description: "0 keeps none, 1 all. Kept is what is left after sanitising, beside the call's record.",
    whose: "tenant",
    fallback: 0,
    min: 0,
    max: 1,
  },
  "logging.payloads.results": {
    type: "switch",
    label: "Keep results too",
    description: "Of the calls whose payload is kept, the answers as well as the parameters.",
    whose: "tenant",
    fallback: false,
  },
  "logging.payloads.fields": {
    type: "names",
    label: "Members that are left out",
    description: "Names of members whose values are replaced, besides those that every secret is known by.",
    whose: "both",
    fallback: [],
    most: 100,
  },
  "logging.payloads.emails": {
    type: "switch",
    label: "Leave out e-mail addresses",
    description: "Replaces e-mail addresses in what is kept of payloads.",
    whose: "both",
    fallback: false,
  },
  "mcp.instructions": {
    type: "text",
    label: "Instructions for clients",
    description: "What the endpoint of all servers tells clients, before what each server says of itself.",
    whose: "tenant",
    fallback: "",
    longest: 4000,
  },
  "telemetry.otlp.endpoint": {
    type: "text",
    label: "OpenTelemetry collector",
    description: "Where traces are sent: the base address, without /v1/traces. Empty: no traces are made.",
    whose: "both",
    fallback: "",
    longest: 500,
    isUrl: true,
  },
  "telemetry.otlp.authorization": {
    type: "secret",
    label: "Authorization for the collector",
    description: "The value of the Authorization header that goes with the traces.",
    whose: "both",
    longest: 2000,
  },
  "telemetry.traces.sample": {
    type: "number",
    label: "Share of requests that are traced",
    description: "Where a caller has sampled its own trace, the request is traced in any case.",
    whose: "both",
    fallback: 1,
    min: 0,
    max: 1,
  },
} as const satisfies Record<string, Setting>;

export type SettingKey = keyof typeof SETTINGS;

export const SETTING_KEYS = Object.keys(SETTINGS).filter(isSettingKey);

export function isSettingKey(key: string): key is SettingKey {
  return Object.hasOwn(SETTINGS, key);
}

export function getSetting(key: string): Setting | undefined {
  return isSettingKey(key) ? SETTINGS[key] : undefined;
}

/** Keys that begin so belong to the gateway: what is not in the table is a mistake. Others are anybody's. */
const CUSTOM_KEY = new Set(SETTING_KEYS.map((key) => key.split(".")[0]));

export const isCustomKey = (key: string): boolean => CUSTOM_KEY.has(key.split(".")[0]);
