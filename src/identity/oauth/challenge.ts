/**
 * Describes to a rejected client what access requires: RFC 6750 §3, with the address of the endpoint's
 * metadata (RFC 9728 §5.1) and the scope that this takes.
 */
import type { GatewayError } from "../../core/errors.ts";
import { metadataUrl } from "./endpoints.ts";
import { MCP_SCOPE } from "./scopes.ts";

export interface ChallengeContext {
  readonly mcpUrl: string;
  readonly path: string;
  /** Whether a proof was shown: only then is there something wrong with it. */
  readonly hadProof: boolean;
}

/** Undefined where no other token would help. */
export function createChallenge(
  error: GatewayError,
  { mcpUrl, path, hadProof }: ChallengeContext,
): string | undefined {
  const metadata = `resource_metadata="${metadataUrl(mcpUrl, path)}"`;
  if (error.status === 401) {
    return `Bearer ${hadProof ? 'error="invalid_token", ' : ""}${metadata}, scope="${MCP_SCOPE}"`;
  }
  const scope = "missing" in error ? requiredScope(error.missing) : undefined;
  if (error.status !== 403 || scope === undefined) return undefined;
  return `Bearer error="insufficient_scope", scope="${scope}", ${metadata}`;
}

function requiredScope(missing: unknown): string | undefined {
  if (typeof missing !== "object" || missing === null || !("scope" in missing)) return undefined;
  return typeof missing.scope === "string" ? missing.scope : undefined;
}
