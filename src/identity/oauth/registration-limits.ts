/** What a dynamic client registration (RFC 7591) may hold, in numbers: checked before any of it is kept. */
const MAX_CLIENT_NAME_LENGTH = 200;
const MAX_URIS = 20;
export const MAX_URI_LENGTH = 2000;
const MAX_METADATA_BYTES = 16 * 1024;

/** The first fault, in words for the client's developer. */
export function validateRegistration(body: unknown): string | undefined {
  if (typeof body !== "object" || body === null) return undefined;
  if (JSON.stringify(body).length > MAX_METADATA_BYTES) {
    return `The client metadata is larger than ${MAX_METADATA_BYTES} bytes.`;
  }
  for (const [name, value] of Object.entries(body)) {
    const fault = validateMember(name, value);
    if (fault !== undefined) return fault;
  }
  return undefined;
}

function validateMember(name: string, value: unknown): string | undefined {
  if (typeof value === "string") {
    const limit = name === "client_name" ? MAX_CLIENT_NAME_LENGTH : MAX_URI_LENGTH;
    return value.length > limit ? `\`${name}\` is longer than ${limit} characters.` : undefined;
  }
  if (!Array.isArray(value)) return undefined;
  if (value.length > MAX_URIS) return `\`${name}\` has more than ${MAX_URIS} entries.`;
  const isLong = value.some((entry) => typeof entry === "string" && entry.length > MAX_URI_LENGTH);
  return isLong ? `An entry of \`${name}\` is longer than ${MAX_URI_LENGTH} characters.` : undefined;
}
