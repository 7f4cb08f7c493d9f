/** A whole gateway tells a real receiver, which checks the signature with nothing but Node's own HMAC. */
import { createHmac } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { databaseOfThisRun, startGateway, type TestGateway } from "../fixtures/gateway.ts";
import { type Recorded, type Recorder, startRecorder } from "../fixtures/recorder.ts";

let gateway: TestGateway;
let receiver: Recorder;

beforeAll(async () => {
  [gateway, receiver] = await Promise.all([startGateway(databaseOfThisRun()), startRecorder()]);
});
afterAll(() => Promise.all([gateway.close(), receiver.close()]));

const answerShape = z.looseObject({ id: z.string().default(""), secret: z.string().default("") });

function isSigned({ headers, body }: Recorded, secret: string): boolean {
  const key = Buffer.from(secret.replace("whsec_", ""), "base64");
  const signed = `${headers["webhook-id"]}.${headers["webhook-timestamp"]}.${body}`;
  const expected = `v1,${createHmac("sha256", key).update(signed).digest("base64")}`;
  return String(headers["webhook-signature"]).split(" ").includes(expected);
}

describe("a channel", () => {
  it("is tried out: the receiver gets a signed message, and old and new secret both count", async () => {
    const tenant = await gateway.addTenant();
    const key = await tenant.addKey({ role: "admin", scopes: ["read", "admin"] });
    const headers = { authorization: `Bearer ${key}`, "content-type": "application/json" };
    const post = async (path: string, json?: object) => {
      const body = json === undefined ? null : JSON.stringify(json);
      const answer = await fetch(`${gateway.url}/api/v1${path}`, { method: "POST", headers, body });
      return answerShape.parse(await answer.json());
    };
    const { secret } = await post("/alerts/signing-secret");
    const channels = [{ type: "webhook", url: receiver.url }];
    const { id } = await post("/alerts", { name: "Errors", metric: "error_rate", threshold: 0.1, channels });
    expect(await post(`/alerts/${id}/test`)).toMatchObject({
      channels: [{ type: "webhook", to: receiver.url, ok: true, message: "Delivered." }],
    });
    const { secret: renewed } = await post("/alerts/signing-secret");
    receiver.behave((_, response) => void response.writeHead(503).end("secret words"));
    expect(await post(`/alerts/${id}/test`)).toMatchObject({
      channels: [{ type: "webhook", to: receiver.url, ok: false, message: "HTTP 503." }],
    });
    const [first, second] = receiver.requests;
    if (first === undefined || second === undefined) throw new Error("nothing came");
    expect([isSigned(first, secret), isSigned(first, renewed)]).toEqual([true, false]);
    expect([isSigned(second, secret), isSigned(second, renewed)]).toEqual([true, true]);
    expect(JSON.parse(String(first.body))).toMatchObject({ type: "alert.test", data: { alert: { id } } });
    expect(first.headers["webhook-id"]).not.toBe(second.headers["webhook-id"]);
  });
});
