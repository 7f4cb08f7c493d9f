/** A whole gateway calls a real receiver, which checks the signature with nothing but Node's own HMAC. */
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
      channels: [{ type: "webhook", to: new URL(receiver.url).host, ok: true, message: "Delivered." }],
    });
    const { secret: renewed } = await post("/alerts/signing-secret");
    receiver.behave((_, response) => void response.writeHead(503).end("secret words"));
    expect(await post(`/alerts/${id}/test`)).toMatchObject({
      channels: [{ type: "webhook", to: new URL(receiver.url).host, ok: false, message: "HTTP 503." }],
    });
    const [first, second] = receiver.requests;
    if (first === undefined || second === undefined) throw new Error("nothing came");
    expect([isSigned(first, secret), isSigned(first, renewed)]).toEqual([true, false]);
    expect([isSigned(second, secret), isSigned(second, renewed)]).toEqual([true, true]);
    expect(JSON.parse(String(first.body))).toMatchObject({ type: "alert.test", data: { alert: { id } } });
    expect(first.headers["webhook-id"]).not.toBe(second.headers["webhook-id"]);
  });
});

describe("channels of chat and on-call services", () => {
  it("get their own formats, unsigned, and a link to the rule", async () => {
    const tenant = await gateway.addTenant();
    const key = await tenant.addKey({ role: "admin", scopes: ["read", "admin"] });
    const headers = { authorization: `Bearer ${key}`, "content-type": "application/json" };
    const routingKey = "0123456789abcdef0123456789abcdef";
    const channels = [
      { type: "webhook", url: receiver.url, format: "slack" },
      { type: "webhook", url: receiver.url, format: "teams" },
      { type: "pagerduty", url: receiver.url, routingKey },
    ];
    const post = (path: string, json: object) =>
      fetch(`${gateway.url}/api/v1${path}`, { method: "POST", headers, body: JSON.stringify(json) });
    const rule = { name: "Errors", metric: "error_rate", threshold: 0.1, channels };
    const { id } = answerShape.parse(await (await post("/alerts", rule)).json());
    const before = receiver.requests.length;
    receiver.behave((_, response) => void response.writeHead(202).end());
    const tried = await (await post(`/alerts/${id}/test`, {})).json();
    expect(tried).toMatchObject({ channels: [{ ok: true }, { ok: true }, { ok: true }] });
    expect(JSON.stringify(tried)).not.toContain(routingKey);
    const received = receiver.requests.slice(before);
    expect(received.every((request) => request.headers["webhook-signature"] === undefined)).toBe(true);
    const bodies = received.map(({ body }) => String(body)).sort();
    const link = `${gateway.url}/admin/alerts/rules/${id}`;
    expect(bodies.every((body) => body.includes(link))).toBe(true);
    expect(bodies.map((body) => Object.keys(JSON.parse(body))[0])).toEqual(["routing_key", "text", "type"]);
  });

  it("are refused with a malformed key or an address inside", async () => {
    const tenant = await gateway.addTenant();
    const key = await tenant.addKey({ role: "admin", scopes: ["read", "admin"] });
    const headers = { authorization: `Bearer ${key}`, "content-type": "application/json" };
    for (const channel of [
      { type: "pagerduty", routingKey: "short" },
      { type: "webhook", url: "https://169.254.169.254/x", format: "slack" },
    ]) {
      const body = JSON.stringify({
        ...{ name: "Errors", metric: "error_rate", threshold: 0.1 },
        channels: [channel],
      });
      const answer = await fetch(`${gateway.url}/api/v1/alerts`, { method: "POST", headers, body });
      expect(answer.status).toBe(400);
    }
  });
});
