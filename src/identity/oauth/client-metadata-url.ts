/** Distinguishes a client ID that is the URL of a metadata document from a registered one. */

/** The URL must have a path, as the draft requires: a URL with only a host would represent all of its users. */
export function isClientMetadataUrl(clientId: string): boolean {
  const url = URL.parse(clientId);
  if (url === null || url.href !== clientId || url.pathname === "/") return false;
  return url.protocol === "https:" || url.protocol === "http:";
}
