/**
 * What an upstream gives a caller to bring back. Behind one credential of the gateway's stand many callers, so the
 * upstream cannot check whether the same caller returns it; the gateway can, and seals it to that caller.
 */

import type { Keyring } from "../../core/keyring.ts";
import { isObject } from "../../core/mcp/json-rpc.ts";

/** Long enough for a person to answer a question. */
const STATE_LIFETIME_MS = 24 * 3_600_000;

export interface StateOwner {
  readonly principalId: string;
  readonly serverId: string;
  readonly method: string;
  /** The tool, prompt or resource, under its own name. */
  readonly own: string;
}

const statePurpose = ({ principalId, serverId, method, own }: StateOwner) =>
  `request-state:${principalId}:${serverId}:${method}:${own}`;

export async function sealRequestState(
  keyring: Keyring,
  owner: StateOwner,
  state: string,
  now: number,
): Promise<string> {
  return keyring.seal(statePurpose(owner), encode({ state, until: now + STATE_LIFETIME_MS }));
}

/** Returns undefined for a state that was sealed for another principal or purpose, was modified, or has expired. */
export async function openRequestStateValue(
  keyring: Keyring,
  owner: StateOwner,
  sealed: string,
  now: number,
): Promise<string | undefined> {
  const content = decode(await keyring.open(statePurpose(owner), sealed));
  const { state, until } = content ?? {};
  return typeof state === "string" && typeof until === "number" && now < until ? state : undefined;
}

export interface TaskRef {
  readonly server: string;
  readonly taskId: string;
}

const taskPurpose = (principalId: string) => `task:${principalId}`;

/** Seals a task ID with its server for the principal that started the task. The result is stable for the same task. */
export async function sealTask(keyring: Keyring, principalId: string, ref: TaskRef): Promise<string> {
  return keyring.sealStable(taskPurpose(principalId), encode({ ...ref }));
}

export async function openTask(
  keyring: Keyring,
  principalId: string,
  sealed: string,
): Promise<TaskRef | undefined> {
  const { server, taskId } = decode(await keyring.open(taskPurpose(principalId), sealed)) ?? {};
  return typeof server === "string" && typeof taskId === "string" ? { server, taskId } : undefined;
}

function encode(content: Record<string, unknown>): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(content));
}

function decode(bytes: Uint8Array | undefined): Record<string, unknown> | undefined {
  if (bytes === undefined) return undefined;
  const content: unknown = JSON.parse(new TextDecoder().decode(bytes));
  return isObject(content) ? content : undefined;
}
