// Uploads of a bad client: larger than is taken, with a length or without one, and cut off in the middle.
import { request } from "node:http";

const PIECE = Buffer.alloc(64 * 1024, "a");

export interface Upload {
  readonly path: string;
  readonly headers: Record<string, string>;
  readonly bytes: number;
  /** Without a length the receiver has to read to detect that it is too large. */
  readonly declared: boolean;
  /** Hang up after so many bytes. */
  readonly abortAfter?: number;
}

/** The status of the answer, or 0 where the client hangs up first. */
export function upload(
  origin: string,
  { path, headers, bytes, declared, abortAfter }: Upload,
): Promise<number> {
  return new Promise((resolve, reject) => {
    const length = declared ? { "content-length": String(bytes) } : {};
    const outgoing = request(origin + path, {
      method: "POST",
      // A connection of its own: one that an earlier upload has broken is of no use.
      agent: false,
      headers: { "content-type": "application/json", ...headers, ...length },
    });
    outgoing.on("response", (response) => {
      response
        .on("error", reject)
        .on("end", () => resolve(response.statusCode ?? 0))
        .resume();
    });
    outgoing.on("error", (error) => (abortAfter === undefined ? reject(error) : resolve(0)));
    let sent = 0;
    const send = () => {
      while (sent < bytes) {
        if (abortAfter !== undefined && sent >= abortAfter) return outgoing.destroy();
        sent += PIECE.length;
        if (!outgoing.write(PIECE)) return outgoing.once("drain", send);
      }
      return outgoing.end();
    };
    send();
  });
}
