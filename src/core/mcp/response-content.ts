/** MCP knows JSON and event streams: nothing else of a server's making may reach a client. */
const MCP_MEDIA_TYPE = /^(?:application\/json|text\/event-stream)[ \t]{0,16}(?:;|$)/i;

export function isMcpMediaType(contentType: string | null | undefined): boolean {
  return MCP_MEDIA_TYPE.test(contentType?.slice(0, 200).trim() ?? "");
}
