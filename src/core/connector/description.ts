/** The description that a connector sends when it connects, and what is shown of it. */

export const CONNECTOR_MODES = ["session", "shared"] as const;
export type ConnectorMode = (typeof CONNECTOR_MODES)[number];

export interface ConnectorDescription {
  /** Of the process: the same after a reconnection. */
  readonly instance: string;
  readonly host: string;
  readonly version: string;
  readonly mode: ConnectorMode;
  /** Sessions that it takes at once. */
  readonly maxSessions: number;
}

export interface ConnectedConnector extends ConnectorDescription {
  readonly connectedAt: number;
  /** Of the last message or heartbeat. */
  readonly lastSeenAt: number;
  readonly sessions: number;
  readonly isDraining: boolean;
}

export interface LoggedLine {
  readonly at: number;
  readonly host: string;
  readonly text: string;
}

export interface ConnectorReport {
  readonly connectors: readonly ConnectedConnector[];
  /** Newest last. */
  readonly log: readonly LoggedLine[];
}
