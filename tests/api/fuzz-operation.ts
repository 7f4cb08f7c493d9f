/** One operation with what its schema allows and what it does not: every response is one that is described. */
import { Validator } from "@cfworker/json-schema";
import fc from "fast-check";
import { expect } from "vitest";
import { valueFor } from "./arbitrary.ts";
import { type DescribedOperation, resolveResponse, standaloneSchema } from "./described-operations.ts";

// biome-ignore lint/suspicious/noExplicitAny: whatever the document contains, and whatever came back.
type Json = any;

export interface FuzzRequest {
  readonly method: string;
  /** Below /api/v1, with its query. */
  readonly path: string;
  readonly headers: Record<string, string>;
  readonly json: unknown;
}

export interface FuzzSubject {
  readonly description: Json;
  /** What takes the place of a path parameter. */
  readonly ids: readonly string[];
  send(request: FuzzRequest): Promise<{ readonly status: number; readonly body: Json }>;
}

/** Odd values of path parameters, beside ids that exist. */
export const ODD_IDS = ["x", "%00", "..%2f", "a b"] as const;

const asText = (value: unknown) =>
  typeof value === "string" ? value.toWellFormed() : (JSON.stringify(value) ?? "");

function requestFor({ parameters, body }: DescribedOperation, { description, ids }: FuzzSubject) {
  const { schemas } = description.components;
  const query = parameters.filter((parameter) => parameter.in === "query");
  const member = ({ name, schema }: (typeof query)[number]) => [name, valueFor(schema, schemas)] as const;
  return fc.record({
    id: fc.constantFrom(...ids),
    query: fc.record(Object.fromEntries(query.map(member)), { requiredKeys: [], noNullPrototype: true }),
    json: body === undefined ? fc.constant(undefined) : valueFor(body.schema, schemas),
    ifMatch: fc.constantFrom("*", '"nonsense"', "W/*", ""),
    idempotencyKey: fc.option(fc.string({ maxLength: 30 }), { nil: undefined, freq: 4 }),
  });
}

/** Returns the statuses that were seen. */
export async function fuzzOperation(
  operation: DescribedOperation,
  subject: FuzzSubject,
  numRuns: number,
): Promise<ReadonlySet<number>> {
  const { method, path, responses } = operation;
  const problem = new Validator(
    standaloneSchema(subject.description, subject.description.components.schemas.Problem),
    "2020-12",
  );
  const statuses = new Set<number>();
  await fc.assert(
    fc.asyncProperty(requestFor(operation, subject), async ({ id, query, json, ifMatch, idempotencyKey }) => {
      const search = new URLSearchParams(
        Object.entries(query).map(([name, value]): [string, string] => [name, asText(value)]),
      );
      const headers = {
        "if-match": ifMatch,
        ...(idempotencyKey !== undefined && {
          "idempotency-key": idempotencyKey.replace(/[^\x20-\x7e]/g, "~"),
        }),
      };
      const target = `${path.replace(/\{\w+\}/, id)}?${search}`;
      const response = await subject.send({ method, path: target, headers, json });
      statuses.add(response.status);
      const details = `${method} ${target} ${JSON.stringify(json)}: ${JSON.stringify(response.body)}`;
      expect(response.status, details).toBeLessThan(500);
      // An odd id can lead to another address.
      if (path.includes("{") && response.status === 404) return;
      expect(Object.keys(responses), details).toContain(String(response.status));
      if (response.status >= 400) expect(problem.validate(response.body).errors, details).toEqual([]);
      else expectValid(subject.description, responses[response.status], response.body, details);
    }),
    { numRuns },
  );
  return statuses;
}

function expectValid(description: Json, response: Json, body: unknown, details: string): void {
  const schema = resolveResponse(description, response).content?.["application/json"]?.schema;
  if (schema === undefined || typeof body === "string") return;
  const { errors } = new Validator(standaloneSchema(description, schema), "2020-12", false).validate(body);
  expect(
    errors.map(({ error, instanceLocation }) => `${instanceLocation}: ${error}`),
    details,
  ).toEqual([]);
}
