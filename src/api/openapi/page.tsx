/** The reference page: the same description for people. It needs no script, and none may run. */
import { raw } from "hono/html";
import { listExamples } from "../http/validate.ts";
import type { Operation } from "./operations.ts";
import { type Json, SchemaStore } from "./schemas.ts";

export function referencePage(operations: readonly Operation[], document: Json): string {
  const byTag = [...Map.groupBy(operations, ({ tag }) => tag)];
  const page = (
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>API reference · MCP Registry Gateway</title>
        <link rel="stylesheet" href="/assets/gateway.css" />
        <link rel="icon" type="image/svg+xml" href="/assets/icon.svg" />
      </head>
      <body>
        <main>
          <h1>API reference</h1>
          <p>{textOf(document, "info", "description")}</p>
          <p>
            Rendered from <a href="/api/v1/openapi.json">the OpenAPI 3.1 document</a>. Send an API key as{" "}
            <code>Authorization: Bearer mcp_…</code>
          </p>
          <nav aria-label="Resources" class="card">
            {byTag.map(([tag]) => (
              <>
                <a href={`#${tag}`}>{tag}</a>{" "}
              </>
            ))}
          </nav>
          {byTag.map(([tag, ofTag]) => (
            <section id={tag} aria-label={tag}>
              <h2>{tag}</h2>
              {ofTag.map((operation) => (
                <OperationCard operation={operation} />
              ))}
            </section>
          ))}
        </main>
      </body>
    </html>
  );
  return `${raw("<!doctype html>")}${page}`;
}

function OperationCard({ operation }: { operation: Operation }) {
  const { method, path, id, summary, rule, answer, inputs, takesIfMatch, takesIdempotencyKey } = operation;
  const store = new SchemaStore();
  const parameters = inputs
    .filter(({ part }) => part !== "json")
    .flatMap((input) => store.parametersOf(input));
  const body = inputs.find(({ part }) => part === "json");
  const example = body && listExamples(body.schema)[0];
  return (
    <details class="card" id={id}>
      <summary>
        <code>
          {method.toUpperCase()} {path}
        </code>{" "}
        {summary}
      </summary>
      <p class="quiet-text">
        {rule.operator === true ? "Operator" : `Role ${rule.role}`}, scope {rule.scope}.
      </p>
      {parameters.length > 0 && (
        <ul>
          {parameters.map((parameter) => (
            <li>
              <code>{String(parameter.name)}</code> in {String(parameter.in)}
              {parameter.required === true ? ", required" : ""}
              {typeof parameter.description === "string" ? `: ${parameter.description}` : ""}
            </li>
          ))}
        </ul>
      )}
      {takesIfMatch && (
        <p>
          <code>If-Match</code>: the current ETag, or <code>*</code>.
        </p>
      )}
      {takesIdempotencyKey && (
        <p>
          <code>Idempotency-Key</code>: a repeated request returns the original response.
        </p>
      )}
      {body !== undefined && (
        <>
          <h3>Request body</h3>
          {example !== undefined && <pre>{JSON.stringify(example, null, 2)}</pre>}
          <details>
            <summary>Schema</summary>
            <pre>{JSON.stringify(store.of(body.schema, "input"), null, 2)}</pre>
          </details>
        </>
      )}
      <h3>Response {answer.status}</h3>
      <p>{answer.says}</p>
      {answer.schema !== undefined && (
        <details>
          <summary>Schema</summary>
          <pre>{JSON.stringify(store.of(answer.schema, "output"), null, 2)}</pre>
        </details>
      )}
    </details>
  );
}

function textOf(document: Json, ...path: readonly string[]): string {
  let value: unknown = document;
  for (const step of path) {
    value =
      typeof value === "object" && value !== null
        ? Object.entries(value).find(([name]) => name === step)?.[1]
        : undefined;
  }
  return typeof value === "string" ? value : "";
}
