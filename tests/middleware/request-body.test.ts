import { describe, expect, it } from "vitest";
import { readRequestBody } from "../../src/core/net/request-body.ts";

const KIB = 1024;

const after = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

const endless = (size: number, pause: () => Promise<void>) =>
  new ReadableStream<Uint8Array>({
    async pull(controller) {
      await pause();
      controller.enqueue(new Uint8Array(size));
    },
  });

describe("a request body", () => {
  const post = (body: BodyInit, headers: Record<string, string> = {}) =>
    new Request("http://gateway.test/", { method: "POST", body, headers });

  it("is refused when it declares more than the limit, without being kept", async () => {
    const request = post("a".repeat(2000), { "content-length": "2000" });
    await expect(readRequestBody(request, { maxBytes: 1000 })).rejects.toMatchObject({
      code: "payload_too_large",
    });
  });

  it("is refused when it turns out to be larger than the limit", async () => {
    const request = post(endless(KIB, () => after(0)));
    await expect(
      readRequestBody(request, { maxBytes: 10 * KIB, times: { drainMs: 50 } }),
    ).rejects.toMatchObject({
      code: "payload_too_large",
    });
  });

  it("is read to its end when it is too large, and never canceled", async () => {
    let left = 30;
    let isCanceled = false;
    const body = new ReadableStream<Uint8Array>({
      pull(controller) {
        left -= 1;
        if (left < 0) controller.close();
        else controller.enqueue(new Uint8Array(KIB));
      },
      cancel() {
        isCanceled = true;
      },
    });
    await expect(readRequestBody(post(body), { maxBytes: 10 * KIB })).rejects.toMatchObject({
      code: "payload_too_large",
    });
    expect({ left, isCanceled }).toEqual({ left: -1, isCanceled: false });
  });

  it("that ends too early is the sender's fault", async () => {
    const body = new ReadableStream<Uint8Array>({
      pull(controller) {
        controller.error(new Error("Network connection lost."));
      },
    });
    await expect(readRequestBody(post(body), { maxBytes: KIB })).rejects.toMatchObject({
      code: "bad_request",
    });
  });

  it("is refused when it drips", async () => {
    const dripping = post(endless(1, () => after(5)));
    await expect(
      readRequestBody(dripping, { maxBytes: KIB, times: { idleMs: 1000, totalMs: 50 } }),
    ).rejects.toMatchObject({
      code: "bad_request",
    });
  });
});
