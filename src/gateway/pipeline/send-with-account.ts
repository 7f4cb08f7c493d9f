/**
 * Sends a call with a credential that is obtained for it: that of the caller's connected account, or the gateway's own token.
 * Where there is no account that works, the response reports it in the form of the caller's revision.
 */

import type { AccountState } from "../../connected-accounts/resolve-credential.ts";
import { sha256Hex } from "../../core/digest.ts";
import { sendsIdentity, usesAccounts } from "../../core/enums.ts";
import { GatewayError, ProtocolError, ResultError, UpstreamError } from "../../core/errors.ts";
import type { CallFacts } from "../../core/identity-token/claims.ts";
import { type CallingClient, hasAccepted, toAccountAnswer } from "../../core/mcp/account-request.ts";
import { canonicalJson } from "../../core/mcp/canonical-json.ts";
import type { JsonObject } from "../../core/mcp/json-rpc.ts";
import { getMember, isMembers } from "../../core/mcp/lossless-json.ts";
import { findMissingScopes } from "../../core/oauth-client/challenge.ts";
import { sleep } from "../../core/timers.ts";
import { CredentialRejectedError, credentialRejected } from "../../upstream/connection/errors.ts";
import { exchangeRefused, serverTokenRefused } from "../../upstream/server-token-error.ts";
import type { McpContext } from "../context/context.ts";
import type { UpstreamAttempt } from "./attempt.ts";
import { describeClient } from "./describe-client.ts";
import type { Candidate, UpstreamCall } from "./upstream-call.ts";

/** A client that has opened the page is given this long for the user to connect there. */
const CONNECT_TIMEOUT_MS = 10_000;
const CONNECT_POLL_MS = 1000;

export async function sendWithAccount<C extends Candidate, T>(
  candidate: C,
  attempt: UpstreamAttempt,
  call: UpstreamCall<C, T>,
  context: McpContext,
): Promise<T> {
  const accounts = await context.loadAccounts();
  const server = { ...candidate.server, tenantId: context.tenant.id };
  const { name } = server;
  const isMembers = usesAccounts(server.auth.type);
  const userId = call.isShared === true ? undefined : findSubject(server, context);
  const client = call.client && describeClient(call.client);
  const find = async () => {
    const { waitUntil } = context;
    if (server.auth.type !== "identity_jwt" || userId === undefined)
      return accounts.resolve(server, userId, waitUntil);
    const facts = await describeCall(call, candidate.upstreamName, client?.params, context);
    return accounts.signIdentity(server, { subject: userId, call: facts }, waitUntil);
  };
  const state = hasAccepted(client?.params) ? await waitForAccount(find, call.signal) : await find();
  const refuse = (why: AccountFault, scopes?: readonly string[]) =>
    isMembers
      ? accountRequired(name, why, accounts.getConnectUrl(server, scopes), client)
      : noServerToken(server, why);
  const isAppointed = isMembers && userId === undefined;
  if (state.kind !== "connected") throw refuse(isAppointed ? "no-discovery" : state.kind);
  attempt.credential = state.credential;
  try {
    return await call.send(candidate, attempt);
  } catch (error) {
    if (!isRejection(error)) throw error;
    const missing = isAppointed ? undefined : findStepUp(server.auth.type, error);
    if (missing !== undefined) {
      const { credential } = state;
      const stepped = hasAccepted(client?.params)
        ? await waitForAccount(find, call.signal, credential[1])
        : state;
      if (stepped.kind !== "connected" || stepped.credential[1] === credential[1])
        throw refuse("scopes", missing);
      attempt.credential = stepped.credential;
      return call.send(candidate, attempt).catch((again: unknown) => {
        throw isRejection(again) ? refuse("scopes", findStepUp(server.auth.type, again) ?? missing) : again;
      });
    }
  }
  // The server may have ended the token before its time: once, another one is sent.
  const replaced = await accounts.replace(server, userId, state);
  if (replaced.kind === "unavailable") throw refuse("unavailable");
  if (replaced.kind !== "connected") throw refuse("rejected");
  attempt.credential = replaced.credential;
  return call.send(candidate, attempt).catch((error: unknown) => {
    throw isRejection(error) ? refuse("rejected") : error;
  });
}

const isRejection = (error: unknown) => error instanceof UpstreamError && error.code === "upstream_refused";

/** The scopes that the member has to consent to for this call (RFC 6750 §3.1). */
const findStepUp = (authType: string, error: unknown) =>
  authType === "user_oauth" && error instanceof CredentialRejectedError
    ? findMissingScopes(error.challenge)
    : undefined;

/**
 * The member whose account is used, or whose identity is signed: never one whom an admin impersonates. A key that is of
 * no member is a subject of its own. Undefined where the gateway acts as itself.
 */
function findSubject({ name, auth }: Candidate["server"], { principal }: McpContext): string | undefined {
  const { id, userId, impersonatorId, via } = principal;
  const needsMember = usesAccounts(auth.type);
  if (!needsMember && !sendsIdentity(auth.type)) return undefined;
  if (impersonatorId !== undefined) {
    const fault = "it cannot be used while you impersonate a member. Stop impersonating";
    throw new GatewayError("forbidden", `Server ${name} requires a member's own account: ${fault}.`);
  }
  if (userId !== undefined) return userId;
  if (needsMember) {
    const fault = "this credential belongs to no member. Use an API key with an owner, or sign in";
    throw new GatewayError("forbidden", `Server ${name} requires a member's own account: ${fault}.`);
  }
  if (via !== "anonymous") return id;
  const fault = "this request has none. Use an API key, or sign in";
  throw new GatewayError("forbidden", `Server ${name} requires the identity of its callers: ${fault}.`);
}

/** What the token contains of the call: of the request as the server receives it. A batch is no one call. */
async function describeCall<C extends Candidate, T>(
  { method, sent }: UpstreamCall<C, T>,
  upstreamName: string,
  own: JsonObject | undefined,
  { principal }: McpContext,
): Promise<CallFacts> {
  const client = principal.oauthClientId ?? principal.apiKeyId;
  const params = sent === undefined ? own : getMember(sent, "params");
  if (method !== "tools/call" || !isMembers(params)) return { client };
  const given = getMember(params, "arguments") ?? {};
  return { client, tool: upstreamName, argumentsDigest: await sha256Hex(canonicalJson(given)) };
}

/** `rejected`: the credential that another one must take the place of. */
async function waitForAccount(
  find: () => Promise<AccountState>,
  signal: AbortSignal,
  rejected?: string,
): Promise<AccountState> {
  const until = Date.now() + CONNECT_TIMEOUT_MS;
  for (;;) {
    const state = await find();
    const isFound = state.kind === "connected" && state.credential[1] !== rejected;
    if (isFound || Date.now() >= until || signal.aborted) return state;
    await sleep(CONNECT_POLL_MS, signal);
  }
}

type AccountFault = "missing" | "expired" | "unavailable" | "rejected" | "scopes" | "no-discovery";

const FAULTS: Record<AccountFault, (server: string, url: string) => string> = {
  missing: (server, url) =>
    `Server ${server} requires your own account, and none is connected. Connect it at ${url} and retry.`,
  expired: (server, url) =>
    `Your account at server ${server} no longer works. Connect it again at ${url} and retry.`,
  unavailable: (server) =>
    `The access token of your account at server ${server} has expired, and the authorization server is not responding. Retry later.`,
  rejected: (server, url) =>
    `Server ${server} rejected the credential of your account. Connect it again at ${url} and retry.`,
  scopes: (server, url) =>
    `This call needs more than you have allowed at server ${server}. Allow it at ${url} and retry.`,
  "no-discovery": (server, url) =>
    `No account is appointed for capability discovery of server ${server}. Connect one at ${url}.`,
};

function noServerToken({ name, auth }: Candidate["server"], fault: AccountFault): UpstreamError {
  if (fault === "rejected") return credentialRejected(name);
  const isDenied = auth.type === "token_exchange" && fault !== "unavailable";
  return isDenied ? exchangeRefused(name) : serverTokenRefused(name, fault === "unavailable");
}

function accountRequired(
  server: string,
  fault: AccountFault,
  url: string,
  client: CallingClient | undefined,
): GatewayError {
  const message = FAULTS[fault](server, url);
  // Connecting again would not help, and it is no failure of the server.
  if (fault === "unavailable") return new GatewayError("account_required", message);
  const request = { url, message, elicitationId: crypto.randomUUID() };
  const answer = client === undefined ? undefined : toAccountAnswer(client, request);
  if (answer?.kind === "result") return new ResultError("account_required", message, answer.result);
  if (answer?.kind === "error") return new ProtocolError("account_required", answer.error);
  return new GatewayError("account_required", message);
}
