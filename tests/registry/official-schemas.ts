/** The answers that the MCP Registry's OpenAPI description (2025-12-01) promises, as JSON Schema. */
import { type Schema, Validator } from "@cfworker/json-schema";
import { SERVER_SCHEMA } from "../../src/core/registry/server-json.ts";

const moment: Schema = { type: "string", format: "date-time" };

const official: Schema = {
  type: "object",
  additionalProperties: false,
  properties: {
    status: { enum: ["active", "deprecated", "deleted"] },
    statusMessage: { type: "string", maxLength: 500 },
    statusChangedAt: moment,
    publishedAt: moment,
    updatedAt: moment,
    isLatest: { type: "boolean" },
  },
  // What an aggregator reads; the description itself requires none of them.
  required: ["status", "statusChangedAt", "publishedAt", "updatedAt", "isLatest"],
};

const response: Schema = {
  type: "object",
  required: ["server", "_meta"],
  properties: {
    server: { $ref: "https://static.modelcontextprotocol.io/schemas/2025-12-11/server.schema.json" },
    _meta: {
      type: "object",
      required: ["io.modelcontextprotocol.registry/official"],
      properties: { "io.modelcontextprotocol.registry/official": official },
    },
  },
};

const SCHEMAS = {
  list: {
    type: "object",
    required: ["servers", "metadata"],
    properties: {
      servers: { type: "array", items: response },
      metadata: {
        type: "object",
        required: ["count"],
        properties: { nextCursor: { type: "string", minLength: 1 }, count: { type: "integer" } },
      },
    },
  },
  one: response,
  many: {
    type: "object",
    required: ["updatedCount", "servers"],
    properties: { updatedCount: { type: "integer" }, servers: { type: "array", items: response } },
  },
  // Of 401, 403 and 404; the description requires no member, its clients show this one.
  failure: {
    type: "object",
    required: ["error"],
    properties: { error: { type: "string", minLength: 1 } },
  },
} satisfies Record<string, Schema>;

/** What an answer does not keep of the promise. */
export function faultsOf(kind: keyof typeof SCHEMAS, body: unknown): string[] {
  const validator = new Validator(SCHEMAS[kind], "7", false);
  validator.addSchema(SERVER_SCHEMA);
  return validator
    .validate(body)
    .errors.map(({ instanceLocation, error }) => `${instanceLocation}: ${error}`);
}
