/** Whatever a message, a header, an answer or an error holds: no queue message, span, data point or log line has a secret. */
import fc from "fast-check";
import { expect, it } from "vitest";
import { GatewayError } from "../../src/core/errors.ts";
import { RequestRecorder } from "../../src/gateway/context/request-recorder.ts";
import { createEmitter } from "../../src/logs/emit.ts";
import { writeLogLine } from "../../src/logs/log-line.ts";
import { analyticsEngineObserver, consoleObserver } from "../../src/logs/observers.ts";
import { describeRequest } from "../../src/logs/request-event.ts";
import { runs } from "../support/runs.ts";

const WORD = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
const letters = (length: number) =>
  fc.array(fc.constantFrom(...WORD), { minLength: length, maxLength: length }).map((all) => all.join(""));

/** Gives itself away wherever it stands; headers take it too. */
const telling = fc.oneof(
  letters(36).map((token) => `ghp_${token}`),
  letters(48).map((key) => `sk-proj-${key}`),
  fc.tuple(letters(30), letters(60), letters(43)).map(([a, b, c]) => `eyJ${a}.${b}.${c}`),
);
const named = fc.tuple(fc.constantFrom("password", "api_key", "Authorization", "clientSecret"), letters(24));

/** Any JSON, with secrets as values, as names, in texts that are JSON themselves, and under sensitive names. */
const laden = fc.letrec((tie) => ({
  value: fc.oneof({ maxDepth: 4 }, fc.string(), tie("secret"), tie("list"), tie("object"), tie("inside")),
  secret: fc.tuple(fc.string(), telling).map(([before, secret]) => `${before} ${secret} after`),
  list: fc.array(tie("value"), { maxLength: 4 }),
  object: fc
    .tuple(fc.dictionary(fc.string(), tie("value"), { maxKeys: 4 }), named, telling)
    .map(([members, [name, secret], key]) => ({ ...members, [name]: secret, [key]: 1 })),
  inside: tie("object").map((object) => JSON.stringify(object)),
})).object;

const secretsIn = (value: unknown): string[] => {
  const text = JSON.stringify(value).replaceAll("\\", "");
  const patterns = [
    /ghp_\w{36}|sk-proj-\w{48}|eyJ\w{30}\.\w{60}\.\w{43}/g,
    /(?<="(?:password|api_key|Authorization|clientSecret)":")\w{24}/g,
  ];
  return patterns.flatMap((pattern) => [...text.matchAll(pattern)].map(([secret]) => secret));
};

it("no secret is part of what is logged of a request", async () => {
  await fc.assert(
    fc.asyncProperty(laden, laden, telling, fc.boolean(), async (params, result, secret, isError) => {
      const reported: unknown[] = [];
      const queue = { sendBatch: async (messages: Iterable<unknown>) => reported.push(...messages) };
      const outbox = { add: async () => undefined };
      const emitter = createEmitter({
        queue,
        outbox,
        now: () => 0,
        sleep: async () => undefined,
        lost: (lost) => reported.push(lost),
        observers: [
          consoleObserver(
            () => ({ requests: true, mcp: true, events: true, level: "debug" }),
            (_level, line) => reported.push(line),
          ),
          analyticsEngineObserver({ writeDataPoint: (point) => void reported.push(point) }),
        ],
      });
      const work: Promise<unknown>[] = [];
      const request = new Request(`https://gateway.example/mcp/${secret}`, {
        method: "POST",
        headers: { "user-agent": `agent ${secret}`, traceparent: `00-${secret}`, cookie: secret },
      });
      const requestId = crypto.randomUUID();
      const record = new RequestRecorder(
        () => describeRequest(request),
        requestId,
        (events) => emitter.emit(events, (promise) => work.push(promise)),
      );
      record.setPrincipal({
        ...{ id: "p", tenantId: crypto.randomUUID(), userId: "u", apiKeyId: undefined },
        ...{ role: "user", scopes: [], via: "api_key" },
      });
      const tracing = { endpoint: "https://c.example", owner: null, authorization: undefined, sample: 1 };
      record.startTrace(tracing, (spans) => reported.push(spans));
      record.declare([{ id: 1, method: `x/${secret}`, target: secret }]);
      const operation = record.operation(1);
      const terms = { sample: 1, results: true };
      operation?.setPayload(JSON.stringify({ method: "tools/call", params }), requestId, terms);
      const answer = JSON.stringify(
        isError ? { error: { code: 1, message: secret, data: result } } : { result },
      );
      operation?.settle({ success: !isError, message: isError ? `no ${secret}` : undefined }, answer);
      const failure = new GatewayError("internal", `no ${secret}`, { cause: new Error(`cause ${secret}`) });
      record.complete(500, failure);
      const line = { work: `x ${secret}`, details: { params, result }, cause: { message: secret } };
      writeLogLine({ level: "error", log: "failure", ...line }, "info", (_level, text) =>
        reported.push(text),
      );
      await Promise.all(work);
      expect(reported.length).toBeGreaterThanOrEqual(4);
      const planted = [...secretsIn(params), ...secretsIn(result), secret];
      const text = JSON.stringify(reported);
      expect(planted.filter((each) => text.includes(each))).toEqual([]);
    }),
    { numRuns: runs(300) },
  );
});
