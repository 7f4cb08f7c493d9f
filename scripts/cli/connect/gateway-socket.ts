// The WebSocket to the gateway: opened again after every loss, with longer and longer pauses, and checked by a heartbeat.
import { WebSocket } from "ws";
import { CLOSE_REVOKED, PING, PONG } from "../../../src/core/connector/frames.ts";
import { Problem } from "../../lib/problem.ts";
import { createDeferred } from "../deferred.ts";
import { describeProblem } from "../gateway-client.ts";

export interface GatewaySocketOptions {
  readonly url: (isReconnect: boolean) => URL;
  readonly key: string;
  readonly frame: (data: string) => void;
  readonly up: () => void;
  readonly down: () => void;
  readonly log: (line: string) => void;
}

const FIRST_DELAY_MS = 250;
const MAX_DELAY_MS = 10_000;
const HEARTBEAT_MS = 15_000;
const PONG_TIMEOUT_MS = 10_000;
const HANDSHAKE_TIMEOUT_MS = 15_000;
/** A message of 4 Mi characters in UTF-8. */
const MAX_PAYLOAD_BYTES = 16 * 1024 * 1024;

/** Statuses that another attempt does not change. */
const FINAL = new Set([400, 401, 403, 404, 405, 422]);

export class GatewaySocket {
  readonly #options: GatewaySocketOptions;
  readonly #failed = createDeferred<never>();
  #socket: WebSocket | undefined;
  #retry: ReturnType<typeof setTimeout> | undefined;
  #attempts = 0;
  #hasBeenUp = false;
  #isClosed = false;

  constructor(options: GatewaySocketOptions) {
    this.#options = options;
    this.#failed.promise.catch(() => undefined);
  }

  /** Rejects when the gateway rejects the connector. */
  get failure(): Promise<never> {
    return this.#failed.promise;
  }

  connect(): void {
    const { url, key } = this.#options;
    const socket = new WebSocket(url(this.#hasBeenUp), {
      headers: { authorization: `Bearer ${key}` },
      handshakeTimeout: HANDSHAKE_TIMEOUT_MS,
      maxPayload: MAX_PAYLOAD_BYTES,
      perMessageDeflate: false,
    });
    this.#socket = socket;
    let isOpen = false;
    let heartbeat: ReturnType<typeof setInterval> | undefined;
    let pong: ReturnType<typeof setTimeout> | undefined;
    socket.on("open", () => {
      isOpen = true;
      this.#attempts = 0;
      this.#hasBeenUp = true;
      heartbeat = setInterval(() => {
        socket.send(PING);
        pong ??= setTimeout(() => socket.terminate(), PONG_TIMEOUT_MS);
      }, HEARTBEAT_MS);
      this.#options.up();
    });
    socket.on("message", (data, isBinary) => {
      clearTimeout(pong);
      pong = undefined;
      const text = isBinary ? "" : data.toString();
      if (text !== PONG) this.#options.frame(text);
    });
    socket.on("unexpected-response", (_, response) => {
      let body = "";
      response.setEncoding("utf8").on("data", (piece: string) => {
        if (body.length < 64 * 1024) body += piece;
      });
      response.on("end", () => this.#rejected(response.statusCode ?? 0, body));
      response.on("error", () => this.#rejected(response.statusCode ?? 0, ""));
    });
    socket.on("error", (error) => {
      if (!isOpen && this.#attempts === 0 && !this.#isClosed)
        this.#options.log(`Cannot connect to the gateway: ${error.message}. Retrying.`);
    });
    socket.on("close", (code) => {
      clearInterval(heartbeat);
      clearTimeout(pong);
      if (this.#socket !== socket) return;
      this.#socket = undefined;
      if (isOpen) this.#options.down();
      if (isOpen && !this.#isClosed) {
        const reason =
          code === CLOSE_REVOKED ? "the API key or the server is no longer usable" : `code ${code}`;
        this.#options.log(`The connection to the gateway was lost (${reason}). Reconnecting.`);
      }
      this.#scheduleRetry();
    });
  }

  send(data: string): void {
    if (this.#socket?.readyState === WebSocket.OPEN) this.#socket.send(data);
  }

  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#retry);
    this.#socket?.close(1000);
  }

  #rejected(status: number, body: string): void {
    const text = describeProblem(status, body);
    const socket = this.#socket;
    this.#socket = undefined;
    socket?.terminate();
    if (FINAL.has(status)) {
      this.#isClosed = true;
      this.#failed.reject(new Problem(text));
      return;
    }
    if (this.#attempts === 0) this.#options.log(`${text} Retrying.`);
    this.#scheduleRetry();
  }

  #scheduleRetry(): void {
    if (this.#isClosed) return;
    const delay = Math.min(FIRST_DELAY_MS * 2 ** this.#attempts, MAX_DELAY_MS);
    this.#attempts += 1;
    // Connectors that lost the same gateway do not return all at once.
    this.#retry = setTimeout(() => this.connect(), delay * (0.5 + Math.random() / 2));
  }
}
