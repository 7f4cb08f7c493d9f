/** What a runtime setting is: its type, default, and who can set it. */

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
  readonly isInteger?: true;
}

export interface ChoiceSetting extends SettingDescription {
  readonly type: "choice";
  readonly options: readonly string[];
  readonly fallback: string;
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

/** A value that is encrypted in the database and never returned. */
export interface SecretSetting extends SettingDescription {
  readonly type: "secret";
  readonly longest: number;
}

export type Setting =
  | SwitchSetting
  | NumberSetting
  | ChoiceSetting
  | TextSetting
  | NamesSetting
  | SecretSetting;
