/** MCP uses JSON and event streams: no other content of a server may reach a client. */
const MCP_MEDIA_TYPE = /^(?:application\/json|text\/event-stream)[ \t]{0,16}(?:;|$)/i;

export function isMcpMediaType(contentType: string | null | undefined): boolean {
  return MCP_MEDIA_TYPE.test(contentType?.slice(0, 200).trim() ?? "");
}
