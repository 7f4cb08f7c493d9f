/**
 * Decides what becomes of an upstream's response by its media type: MCP knows JSON and event streams, and nothing else
 * of a server's making may reach a client. Statuses mean something to the protocol, so that refusals keep theirs.
 */
export type ContentVerdict =
  /** JSON or an event stream. */
  | "pass"
  /** Nobody waits for a body: it is dropped. */
  | "drop"
  /** A refusal in words of another kind: its status goes on, its words do not. */
  | "explain"
  | "refuse";

const MCP_MEDIA_TYPE = /^(?:application\/json|text\/event-stream)[ \t]{0,16}(?:;|$)/i;

export function isMcpMediaType(contentType: string | null | undefined): boolean {
  return MCP_MEDIA_TYPE.test(contentType?.slice(0, 200).trim() ?? "");
}

export function judgeContent(
  status: number,
  contentType: string | null | undefined,
  expectsAnswer: boolean,
): ContentVerdict {
  if (isMcpMediaType(contentType)) return "pass";
  if (status >= 400 && status < 500) return "explain";
  if (status >= 500) return "refuse";
  return expectsAnswer ? "refuse" : "drop";
}
