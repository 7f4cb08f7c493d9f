/** The description of the REST interface, OpenAPI 3.1, made from the very schemas that judge what comes in. */
import { z } from "zod";
import { ERROR_TITLES } from "../../core/error-codes.ts";
import { listExamples } from "../http/validate.ts";
import type { Operation } from "./operations.ts";
import { type Json, SchemaStore } from "./schemas.ts";

const problem = z
  .object({
    type: z.string(),
    title: z.string(),
    status: z.number().int(),
    detail: z.string().describe("Explanation and next step."),
    code: z.string(),
    requestId: z.string().describe("Request ID for support."),
    errors: z
      .array(
        z.object({
          path: z.string().describe("JSON Pointer, or the name of a parameter."),
          message: z.string(),
        }),
      )
      .optional(),
    missing: z
      .object({
        role: z.string().optional(),
        scope: z.string().optional(),
        authentication: z.literal("recent").optional(),
      })
      .optional(),
  })
  .meta({ id: "Problem", description: "RFC 9457." });

const PROBLEMS: Readonly<Record<number, string>> = {
  400: ERROR_TITLES.bad_request,
  401: ERROR_TITLES.unauthorized,
  403: ERROR_TITLES.forbidden,
  404: ERROR_TITLES.not_found,
  409: ERROR_TITLES.conflict,
  412: ERROR_TITLES.precondition_failed,
  413: ERROR_TITLES.payload_too_large,
  415: ERROR_TITLES.unsupported_media_type,
  422: ERROR_TITLES.key_reused,
  428: ERROR_TITLES.precondition_required,
  429: ERROR_TITLES.too_many_requests,
  503: ERROR_TITLES.database_unavailable,
};

const ifMatch = {
  name: "If-Match",
  in: "header",
  required: true,
  description: "Current ETag of the resource, or `*` to overwrite.",
  schema: { type: "string" },
  example: "*",
};

const idempotencyKey = {
  name: "Idempotency-Key",
  in: "header",
  required: false,
  description: "A repeated request with the same key within 24 hours returns the original response.",
  schema: { type: "string", pattern: "^[\\x21-\\x7e]{1,255}$" },
};

export function describe(operations: readonly Operation[], publicUrl: string): Json {
  const store = new SchemaStore();
  store.of(problem, "output");
  const paths: Record<string, Json> = {};
  for (const operation of operations) {
    paths[operation.path] = { ...paths[operation.path], [operation.method]: described(operation, store) };
  }
  const responses = Object.entries(PROBLEMS).map(([status, description]) => [
    `Problem${status}`,
    problemResponse(description),
  ]);
  return {
    openapi: "3.1.0",
    info: {
      title: "MCP Registry Gateway",
      version: "1",
      description:
        "Lists are paginated with `nextCursor`. Updates require `If-Match`; creations accept `Idempotency-Key`; errors use `application/problem+json` (RFC 9457).",
    },
    servers: [{ url: `${publicUrl}/api/v1` }],
    security: [{ apiKey: [] }, { oauth: [] }, { session: [] }],
    tags: [...new Set(operations.map(({ tag }) => tag))].map((name) => ({ name })),
    paths,
    components: {
      schemas: store.named,
      responses: Object.fromEntries(responses),
      securitySchemes: {
        apiKey: { type: "http", scheme: "bearer", description: "`Authorization: Bearer mcp_…`" },
        oauth: {
          type: "oauth2",
          flows: {
            authorizationCode: {
              authorizationUrl: `${publicUrl}/api/auth/oauth2/authorize`,
              tokenUrl: `${publicUrl}/api/auth/oauth2/token`,
              scopes: {},
            },
          },
        },
        session: { type: "apiKey", in: "cookie", name: "session", description: "Sign-in session." },
      },
    },
  };
}

function described(operation: Operation, store: SchemaStore): Json {
  const { id, tag, summary, inputs, answer, rule, takesIdempotencyKey, takesIfMatch } = operation;
  const body = inputs.find(({ part }) => part === "json");
  const parameters = [
    ...inputs.filter(({ part }) => part !== "json").flatMap((input) => store.parametersOf(input)),
    ...(takesIfMatch ? [ifMatch] : []),
    ...(takesIdempotencyKey ? [idempotencyKey] : []),
  ];
  const who = rule.operator === true ? "operator privileges" : `role ${rule.role} or higher`;
  return {
    operationId: id,
    tags: [tag],
    summary,
    description: `Requires ${who} and scope ${rule.scope}.`,
    "x-action": operation.action,
    ...(parameters.length > 0 && { parameters }),
    ...(body !== undefined && {
      requestBody: {
        required: true,
        content: { "application/json": { schema: store.of(body.schema, "input"), ...examples(body.schema) } },
      },
    }),
    responses: {
      [answer.status]: {
        description: answer.says,
        ...(takesIfMatch && { headers: { ETag: { schema: { type: "string" } } } }),
        ...contentOf(answer, store),
      },
      ...Object.fromEntries(
        problemsOf(operation).map((status) => [status, { $ref: `#/components/responses/Problem${status}` }]),
      ),
    },
  };
}

function contentOf({ schema, also = [] }: Operation["answer"], store: SchemaStore): Json {
  const json = schema === undefined ? [] : [["application/json", { schema: store.of(schema, "output") }]];
  // YAML is the same value in other words; the other types are text.
  const isSame = (type: string) => type === "application/yaml" && schema !== undefined;
  const texts = also.map((type) => [
    type,
    { schema: isSame(type) && schema !== undefined ? store.of(schema, "output") : { type: "string" } },
  ]);
  const content = Object.fromEntries([...json, ...texts]);
  return Object.keys(content).length === 0 ? {} : { content };
}

function examples(schema: z.ZodType): Json {
  const [first] = listExamples(schema);
  return first === undefined ? {} : { examples: { usual: { value: first } } };
}

function problemsOf({ inputs, path, method, takesIfMatch, takesIdempotencyKey }: Operation): number[] {
  const hasBody = inputs.some(({ part }) => part === "json");
  return [
    // Every request may have query parameters that are not known.
    ...[400, 401, 403],
    // A request may refer to records that do not exist.
    ...(path.includes("{") || hasBody ? [404] : []),
    ...(method === "get" ? [] : [409, 413]),
    ...(takesIfMatch ? [412, 428] : []),
    ...(hasBody ? [415] : []),
    ...(takesIdempotencyKey ? [422] : []),
    ...[429, 503],
  ];
}

const problemResponse = (description: string) => ({
  description,
  content: { "application/problem+json": { schema: { $ref: "#/components/schemas/Problem" } } },
});
