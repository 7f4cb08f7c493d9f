/** Reads an answer that is one message, under the limits of its server, and in native code where its length is known. */
import { declaresMoreThan } from "../../core/net/bounded-body.ts";
import type { HeaderMap } from "../../core/net/headers.ts";
import { connectionClosed, responseTooLarge } from "./errors.ts";
import { type ReadOptions, readText } from "./event-stream.ts";

const decoder = new TextDecoder();

export interface ReadResponseOptions extends ReadOptions {
  readonly maxBytes: number;
}

/** The caller sets a time limit by the signal, which ends the body. */
export async function readResponse(
  response: Response,
  headers: HeaderMap,
  reading: ReadResponseOptions,
): Promise<string> {
  const { server, maxBytes, signal } = reading;
  const length = headers.get("content-length") ?? null;
  if (declaresMoreThan(length, maxBytes)) {
    await response.body?.cancel();
    throw responseTooLarge(server, maxBytes);
  }
  // The runtime holds the peer to the length that it declared; a compressed body may be of any size.
  if (length === null || Number(length) === 0 || headers.has("content-encoding"))
    return readText(response.body, reading);
  try {
    return decoder.decode(await response.arrayBuffer());
  } catch (error) {
    throw signal.aborted ? signal.reason : connectionClosed(server, error);
  }
}
