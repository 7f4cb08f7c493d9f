// Finds the ends of HTTP/1.1 responses on a connection, by length or by chunks, without keeping their bodies.

const HEAD_END = Buffer.from("\r\n\r\n");
const LINE_END = Buffer.from("\r\n");
const EMPTY = Buffer.alloc(0);

type State = "head" | "body" | "chunk-size" | "chunk" | "trailer";

export class ResponseReader {
  readonly #onEnd: (status: number, keepsAlive: boolean) => void;
  #state: State = "head";
  /** Of the head, or of the line that a chunk begins with. */
  #rest: Buffer = EMPTY;
  #left = 0;
  #status = 0;
  #keepsAlive = true;

  constructor(onEnd: (status: number, keepsAlive: boolean) => void) {
    this.#onEnd = onEnd;
  }

  push(piece: Buffer): void {
    let data = this.#rest.length === 0 ? piece : Buffer.concat([this.#rest, piece]);
    this.#rest = EMPTY;
    while (data.length > 0) {
      const used = this.#read(data);
      if (used === 0) {
        this.#rest = data;
        return;
      }
      data = data.subarray(used);
    }
  }

  /** How many bytes were read; 0: more of them are needed. */
  #read(data: Buffer): number {
    if (this.#state === "head") return this.#readHead(data);
    if (this.#state === "body" || this.#state === "chunk") {
      const used = Math.min(this.#left, data.length);
      this.#left -= used;
      if (this.#left === 0 && this.#state === "body") this.#end();
      else if (this.#left === 0) this.#state = "chunk-size";
      return used;
    }
    return this.#readLine(data);
  }

  #readHead(data: Buffer): number {
    const end = data.indexOf(HEAD_END);
    if (end === -1) return 0;
    const head = data.toString("latin1", 0, end).toLowerCase();
    this.#status = Number(head.slice(9, 12));
    this.#keepsAlive = !head.includes("\r\nconnection: close");
    this.#left = Number(/\r\ncontent-length: *(\d+)/.exec(head)?.[1] ?? 0);
    if (head.includes("\r\ntransfer-encoding: chunked")) this.#state = "chunk-size";
    else if (this.#left > 0) this.#state = "body";
    else this.#end();
    return end + HEAD_END.length;
  }

  #readLine(data: Buffer): number {
    const end = data.indexOf(LINE_END);
    if (end === -1) return 0;
    if (this.#state === "trailer") {
      if (end === 0) this.#end();
      return end + LINE_END.length;
    }
    const size = Number.parseInt(data.toString("latin1", 0, end), 16);
    this.#state = size === 0 ? "trailer" : "chunk";
    // With the end of the line that follows the chunk.
    this.#left = size + LINE_END.length;
    return end + LINE_END.length;
  }

  #end(): void {
    this.#state = "head";
    this.#onEnd(this.#status, this.#keepsAlive);
  }
}
