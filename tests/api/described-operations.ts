/** The operations of a served OpenAPI document, as tests read it: independent of the code that made it. */

// biome-ignore lint/suspicious/noExplicitAny: whatever the document contains.
type Json = any;

export interface DescribedOperation {
  readonly method: string;
  readonly path: string;
  readonly id: string;
  readonly action: string;
  readonly parameters: readonly { name: string; in: string; required: boolean; schema: Json }[];
  readonly body: { readonly schema: Json; readonly example: Json } | undefined;
  readonly responses: Readonly<Record<string, Json>>;
}

export const listOperations = (description: Json): readonly DescribedOperation[] =>
  Object.entries<Json>(description.paths).flatMap(([path, methods]) =>
    Object.entries<Json>(methods).map(([method, operation]) => {
      const content = operation.requestBody?.content["application/json"];
      return {
        method: method.toUpperCase(),
        path,
        id: operation.operationId,
        action: operation["x-action"],
        parameters: operation.parameters ?? [],
        body: content && { schema: content.schema, example: content.examples?.usual.value },
        responses: operation.responses,
      };
    }),
  );

/** A schema of the document that stands by itself: with the components that it refers to. */
export const standaloneSchema = (description: Json, schema: Json): Json => ({
  ...schema,
  components: description.components,
});

export const resolveResponse = (description: Json, response: Json): Json =>
  response.$ref === undefined
    ? response
    : description.components.responses[String(response.$ref).split("/").at(-1) ?? ""];
