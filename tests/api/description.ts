/** The OpenAPI document that the Worker serves. */
import { createExecutionContext, env } from "cloudflare:test";
import { createApp } from "../../src/app.ts";
import {
  type DescribedOperation,
  listOperations,
  resolveResponse,
  standaloneSchema,
} from "./described-operations.ts";

// biome-ignore lint/suspicious/noExplicitAny: whatever the document contains.
type Json = any;

const answer = await createApp().fetch(
  new Request(`${env.PUBLIC_URL}/api/v1/openapi.json`),
  env,
  createExecutionContext(),
);
export const description: Json = await answer.json();

export const operations: readonly DescribedOperation[] = listOperations(description);

export const schemaIn = (schema: Json): Json => standaloneSchema(description, schema);

export const responseOf = (response: Json): Json => resolveResponse(description, response);
