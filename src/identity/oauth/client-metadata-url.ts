/** Tells a client ID that is the URL of a metadata document from one that was registered. */

/** With a path, as the draft asks; one of a host alone would speak for everybody who lives there. */
export function isClientMetadataUrl(clientId: string): boolean {
  const url = URL.parse(clientId);
  if (url === null || url.href !== clientId || url.pathname === "/") return false;
  return url.protocol === "https:" || url.protocol === "http:";
}
