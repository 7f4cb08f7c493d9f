/** A session's streams, as their clients lose them and come back. */
import { expect, it } from "vitest";
import { EventStream } from "../../../src/gateway/client-session/event-store.ts";

const options = { keepAliveMs: 60_000, waitUntil: (work: Promise<unknown>) => void work, primes: true };

it("a resumed stream is of the last client that resumed it, however the others leave", async () => {
  const stream = new EventStream("s");
  const [forgotten, brief] = [stream.respond(0, options), stream.respond(0, options)];
  await brief.body?.cancel();
  await expect.poll(() => stream.isAttached).toBe(false);
  const reader = stream.respond(0, options).body?.pipeThrough(new TextDecoderStream()).getReader();
  await forgotten.body?.cancel();
  stream.append({ data: "one" });
  stream.append({ data: "two" });
  let text = "";
  const readUntil = async (word: string) => {
    while (!text.includes(word)) {
      const read = await reader?.read();
      if (read === undefined || read.done) break;
      text += read.value;
    }
  };
  await readUntil("two");
  stream.append({ data: "three" });
  await readUntil("three");
  await reader?.cancel();
  expect([...text.matchAll(/data: (\w+)/g)].map(([, data]) => data)).toEqual(["one", "two", "three"]);
});
