/** The DNS record by which an organization proves that a domain is its own. */

/** The name of the TXT record, below the domain. */
export const proofName = (domain: string) => `_mcp-gateway.${domain}`;

/** The value of the TXT record. */
export const proofValue = (token: string) => `mcp-gateway-verification=${token}`;

/** Whether one of the records has the value; as RFC 1035 has it, a long text comes in several quoted pieces. */
export function hasProof(records: readonly string[], token: string): boolean {
  return records.some((record) => joinPieces(record) === proofValue(token));
}

function joinPieces(record: string): string {
  const text = record.trim();
  const isQuoted = text.length > 1 && text.startsWith('"') && text.endsWith('"');
  return isQuoted ? text.slice(1, -1).split('" "').join("") : text;
}
