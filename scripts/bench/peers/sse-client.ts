// A client of the HTTP+SSE transport of 2024-11-05: questions are posted, answers come on the stream that was opened
// first.
import { Agent, get, request } from "node:http";
import { eventReader } from "./events.ts";

interface Question {
  readonly jsonrpc: "2.0";
  readonly id: number;
  readonly method: string;
  readonly params?: object;
}

export interface SseClient {
  /** @returns the whole message that answers, as text */
  call(body: Question): Promise<string>;
  notify(body: object): void;
  close(): void;
}

interface Waiting {
  resolve(text: string): void;
  reject(error: Error): void;
}

export async function openSse(url: string): Promise<SseClient> {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const waiting = new Map<unknown, Waiting>();
  const endpoint = Promise.withResolvers<string>();
  const fail = (error: Error) => {
    endpoint.reject(error);
    for (const { reject } of waiting.values()) reject(error);
    waiting.clear();
  };
  const read = eventReader(({ event, data }) => {
    if (event === "endpoint") {
      endpoint.resolve(new URL(data, url).href);
      return;
    }
    const { id }: { id?: unknown } = JSON.parse(data);
    waiting.get(id)?.resolve(data);
    waiting.delete(id);
  });
  const stream = get(url, { agent: false, headers: { accept: "text/event-stream" } }, (response) => {
    if (response.statusCode !== 200)
      fail(new Error(`the stream request returned HTTP ${response.statusCode}`));
    response.setEncoding("utf8").on("data", read);
    response.on("close", () => fail(new Error("the stream ended")));
  });
  stream.on("error", fail);
  const target = await endpoint.promise;
  const send = (body: object) => {
    const text = JSON.stringify(body);
    const headers = { "content-type": "application/json", "content-length": Buffer.byteLength(text) };
    const posted = request(target, { method: "POST", agent, headers }, (response) => {
      if ((response.statusCode ?? 0) >= 300) fail(new Error(`a POST returned HTTP ${response.statusCode}`));
      response.resume();
    });
    posted.on("error", fail).end(text);
  };
  return {
    call: (body) =>
      new Promise((resolve, reject) => {
        waiting.set(body.id, { resolve, reject });
        send(body);
      }),
    notify: send,
    close: () => {
      stream.destroy();
      agent.destroy();
    },
  };
}
