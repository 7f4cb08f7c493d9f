/**
 * Brings the answers of token endpoints into the form of RFC 6749: some providers report errors with status 200 or under
 * names of their own, nest a user's token, or leave out what the specification requires.
 */

export interface RawAnswer {
  readonly status: number;
  readonly text: string;
}

export interface NormalizedAnswer {
  readonly status: number;
  /** Undefined for what is no JSON object. */
  readonly body: Readonly<Record<string, unknown>> | undefined;
}

const ERRORS: Readonly<Record<string, string>> = {
  // GitHub
  bad_verification_code: "invalid_grant",
  bad_refresh_token: "invalid_grant",
  incorrect_client_credentials: "invalid_client",
  // Slack
  invalid_code: "invalid_grant",
  code_already_used: "invalid_grant",
  invalid_refresh_token: "invalid_grant",
  token_expired: "invalid_grant",
  token_revoked: "invalid_grant",
  invalid_client_id: "invalid_client",
  bad_client_secret: "invalid_client",
};

/** Names of providers for what is a bearer token all the same. */
const BEARER_TYPES = new Set([undefined, "user", "bot"]);

export function normalizeTokenAnswer({ status, text }: RawAnswer): NormalizedAnswer {
  const parsed = parseObject(text);
  if (parsed === undefined) return { status, body: undefined };
  const error =
    parsed.ok === false || status >= 400 || typeof parsed.error === "string" ? parsed.error : undefined;
  if (typeof error === "string") {
    return { status: Math.max(status, 400), body: { error: ERRORS[error] ?? error } };
  }
  return { status, body: normalizeTokens(parsed) };
}

function normalizeTokens(parsed: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const nested = parsed.access_token === undefined ? parsed.authed_user : undefined;
  // The gateway acts on no identity token, so there is none to check.
  const { id_token: _, authed_user: __, ...answer } = { ...parsed, ...(isObject(nested) && nested) };
  const present = Object.entries(answer).filter(([, value]) => value !== null && value !== "");
  const body = Object.fromEntries(present);
  if (typeof body.expires_in === "string" && /^\d+$/.test(body.expires_in)) {
    body.expires_in = Number(body.expires_in);
  }
  // GitHub and others return 0 for a token that does not expire.
  if (body.expires_in === 0) delete body.expires_in;
  if (isBearerType(body.token_type)) body.token_type = "bearer";
  return body;
}

const isBearerType = (type: unknown) =>
  (type === undefined || typeof type === "string") && BEARER_TYPES.has(type);

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

function parseObject(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}
