/** Every operation with what its schema allows and what it does not: whatever comes, the answer is one that is described. */
import { Validator } from "@cfworker/json-schema";
import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import { runs } from "../support/runs.ts";
import { valueFor } from "./arbitrary.ts";
import { type DescribedOperation, description, operations, responseOf, schemaIn } from "./description.ts";
import { addTenant, call } from "./support.ts";

const RUNS = 20;

let key: string;
let operator: Record<string, string>;
let ids: string[] = [];

beforeAll(async () => {
  const tenant = await addTenant("fuzz");
  key = (await tenant.addKey()).text;
  operator = await tenant.addOperator();
  ids = [
    await tenant.addServer("files"),
    await tenant.addUser("user"),
    crypto.randomUUID(),
    "x",
    "%00",
    "..%2f",
    "a b",
  ];
});

const { schemas } = description.components;
const problem = new Validator(schemaIn(schemas.Problem), "2020-12");

function requestFor({ parameters, body }: DescribedOperation) {
  const query = parameters.filter((parameter) => parameter.in === "query");
  const member = ({ name, schema }: (typeof query)[number]) => [name, valueFor(schema, schemas)] as const;
  return fc.record({
    id: fc.nat({ max: 6 }),
    query: fc.record(Object.fromEntries(query.map(member)), { requiredKeys: [], noNullPrototype: true }),
    json: body === undefined ? fc.constant(undefined) : valueFor(body.schema, schemas),
    ifMatch: fc.constantFrom("*", '"nonsense"', "W/*", ""),
    idempotencyKey: fc.option(fc.string({ maxLength: 30 }), { nil: undefined, freq: 4 }),
  });
}

const written = (value: unknown) =>
  typeof value === "string" ? value.toWellFormed() : (JSON.stringify(value) ?? "");

/** What holds for the whole system would hold for the tests beside this one too. */
const fuzzed = operations.filter(({ action }) => action !== "system.write");

describe.each(fuzzed)("$method $path", (operation) => {
  it("answers everything", { timeout: 60_000 }, async () => {
    const { method, path, action, responses } = operation;
    await fc.assert(
      fc.asyncProperty(requestFor(operation), async ({ id, query, json, ifMatch, idempotencyKey }) => {
        const search = new URLSearchParams(
          Object.entries(query).map(([name, value]) => [name, written(value)]),
        );
        const headers: Record<string, string> = {
          "if-match": ifMatch,
          ...(idempotencyKey !== undefined && {
            "idempotency-key": idempotencyKey.replace(/[^\x20-\x7e]/g, "~"),
          }),
          ...(/^(?:tenants|system)\./.test(action) && operator),
        };
        const who = "cookie" in headers ? {} : { key };
        const address = `${path.replace(/\{\w+\}/, ids[id] ?? "")}?${search}`;
        const answer = await call(method, address, { ...who, headers, ...(json !== undefined && { json }) });
        // A key that the fuzzing has revoked or an address that leads elsewhere would prove nothing.
        const told = `${method} ${address} ${JSON.stringify(json)}: ${JSON.stringify(answer.body)}`;
        expect(answer.status, told).toBeLessThan(500);
        if (path.includes("{") && answer.status === 404) return;
        expect(Object.keys(responses), told).toContain(String(answer.status));
        if (answer.status >= 400) expect(problem.validate(answer.body).errors, told).toEqual([]);
        else expectValid(responses[answer.status], answer.body, told);
      }),
      { numRuns: runs(RUNS) },
    );
  });
});

function expectValid(response: unknown, body: unknown, told: string): void {
  const schema = responseOf(response).content?.["application/json"]?.schema;
  if (schema === undefined || typeof body === "string") return;
  const { errors } = new Validator(schemaIn(schema), "2020-12", false).validate(body);
  expect(
    errors.map(({ error, instanceLocation }) => `${instanceLocation}: ${error}`),
    told,
  ).toEqual([]);
}
