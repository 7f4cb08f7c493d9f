/** What a relayed event stream may carry, wherever it is cut into pieces. */
import { describe, expect, it } from "vitest";
import { type EventTransform, transformEvents } from "../../../src/gateway/sse/transform.ts";

const keep: EventTransform = async (message) => message;
const mark: EventTransform = async () => '"edited"';

async function transform(stream: string, edit: EventTransform = keep, pieceLength = stream.length) {
  const bytes = new TextEncoder().encode(stream);
  const pieces = Array.from({ length: Math.ceil(bytes.length / pieceLength) }, (_, index) =>
    bytes.slice(index * pieceLength, (index + 1) * pieceLength),
  );
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      for (const piece of pieces) controller.enqueue(piece);
      controller.close();
    },
  });
  return new Response(transformEvents(body, edit)).text();
}

const nest = (depth: number) => `${"[".repeat(depth)}1${"]".repeat(depth)}`;

describe("a relayed message", () => {
  it.each<[string, string]>([
    ["in one line", `data: ${nest(101)}\n\n`],
    ["over several lines", `data: ${"[".repeat(60)}\ndata: ${"[".repeat(60)}\n\n`],
    ["behind a comment with a quotation mark", `: "\ndata: ${nest(101)}\n\n`],
    ["behind a name with a quotation mark", `event: "\ndata: ${nest(101)}\n\n`],
    ["behind a shallow event", `data: {"a":"["}\n\ndata: ${nest(101)}\n\n`],
    ["in an event without an end", `data: ${nest(101)}`],
    ["behind a byte order mark", `\ufeffdata: ${nest(101)}\n\n`],
  ])("fails the stream when it is nested deeper than 100 levels: %s", async (_where, stream) => {
    for (const length of [7, stream.length])
      await expect(transform(stream, keep, length)).rejects.toThrow("too_deep (100)");
  });

  it("is forwarded unchanged at 100 levels, and with any number of brackets in strings", async () => {
    const stream = `data: ${nest(100)}\n\ndata: "${"[".repeat(5000)}"\n\ndata: ${"[1],".repeat(500)}\n\n`;
    expect(await transform(stream)).toBe(stream);
    expect(await transform(stream, keep, 9)).toBe(stream);
  });

  it("is edited behind a byte order mark", async () => {
    expect(await transform("\ufeffdata: 1\n\n", mark)).toBe('data: "edited"\n\n');
  });
});
