import fc from "fast-check";
import { expect, it } from "vitest";
import { ResponseReader } from "../../../../scripts/bench/gateway/response-reader.ts";

const RESPONSES = [
  "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello",
  "HTTP/1.1 429 Too Many Requests\r\nretry-after: 1\r\ncontent-length: 0\r\n\r\n",
  "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\na\r\n\r\n0123\r\n\r\n\r\n0\r\n\r\n",
  "HTTP/1.1 202 Accepted\r\n\r\n",
  "HTTP/1.1 503 Unavailable\r\nConnection: close\r\ncontent-length: 2\r\n\r\nno",
];

it("finds the end of every response, however it is cut into pieces", () => {
  fc.assert(
    fc.property(
      fc.array(fc.nat(RESPONSES.length - 1)),
      fc.array(fc.integer({ min: 1, max: 40 })),
      (order, cuts) => {
        const found: [number, boolean][] = [];
        const reader = new ResponseReader((status, keepsAlive) => found.push([status, keepsAlive]));
        const stream = Buffer.from(order.map((at) => RESPONSES[at]).join(""));
        for (let from = 0, turn = 0; from < stream.length; turn += 1) {
          const to = from + (cuts[turn % Math.max(1, cuts.length)] ?? stream.length);
          reader.push(stream.subarray(from, to));
          from = to;
        }
        const expected = order.map((at) => [Number(RESPONSES[at]?.slice(9, 12)), at !== 4]);
        expect(found).toEqual(expected);
      },
    ),
  );
});
