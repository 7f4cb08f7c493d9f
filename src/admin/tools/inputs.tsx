/** The input that a tool requests before it continues: elicitation, sampling and roots, answered in one form. */
import { z } from "zod";
import { Button, PostForm } from "../forms/controls.tsx";
import { initialValues, readTyped, type Typed } from "../forms/fields.ts";
import { FieldView } from "../forms/form.tsx";
import { type ArgumentForm, argumentForm } from "./schema-form.ts";

const textContent = z.object({ type: z.literal("text"), text: z.string() });

const inputRequest = z.union([
  z.object({
    method: z.literal("elicitation/create"),
    params: z.object({ mode: z.literal("url"), message: z.string(), url: z.string() }),
  }),
  z.object({
    method: z.literal("elicitation/create"),
    params: z.object({ message: z.string(), requestedSchema: z.unknown() }),
  }),
  z.object({
    method: z.literal("sampling/createMessage"),
    params: z.object({
      messages: z.array(z.object({ role: z.string(), content: z.unknown() })),
      systemPrompt: z.string().optional(),
    }),
  }),
  z.object({ method: z.literal("roots/list") }),
]);
type InputRequest = z.output<typeof inputRequest>;

/** An `input_required` result whose every request can be answered here. */
export const inputRequiredShape = z.object({
  resultType: z.literal("input_required"),
  inputRequests: z.record(z.string(), inputRequest).default({}),
  requestState: z.string().optional(),
});
export type InputRequired = z.output<typeof inputRequiredShape>;

const ACTIONS = [
  { value: "accept", label: "Accept" },
  { value: "decline", label: "Decline" },
  { value: "cancel", label: "Cancel" },
] as const;

const listInputs = ({ inputRequests }: InputRequired) =>
  Object.entries(inputRequests).map(([key, request], index) => ({ key, request, name: `input-${index}` }));

const formOf = (request: InputRequest, name: string): ArgumentForm | undefined =>
  request.method === "elicitation/create" && "requestedSchema" in request.params
    ? argumentForm(request.params.requestedSchema, name)
    : undefined;

/** The `inputResponses` of the next request, from the posted form. */
export function readInputs(required: InputRequired, posted: URLSearchParams): Record<string, unknown> {
  return Object.fromEntries(
    listInputs(required).map(({ key, request, name }) => [key, readInput(request, name, posted)]),
  );
}

function readInput(request: InputRequest, name: string, posted: URLSearchParams): object {
  switch (request.method) {
    case "roots/list":
      return { roots: [] };
    case "sampling/createMessage": {
      const content = { type: "text", text: posted.get(`${name}-text`) ?? "" };
      return { role: "assistant", content, model: "playground", stopReason: "endTurn" };
    }
    case "elicitation/create": {
      const action = ACTIONS.find(({ value }) => value === posted.get(`${name}-action`))?.value ?? "cancel";
      const form = formOf(request, name);
      if (action !== "accept" || form === undefined) return { action };
      return { action, content: form.read(readTyped(form.fields, posted)).values };
    }
  }
}

interface InputFormProps {
  readonly required: InputRequired;
  readonly action: string;
  readonly token: string;
  /** The arguments of the call and what it was answered with, sealed. */
  readonly sealed: string;
}

export function InputForm({ required, action, token, sealed }: InputFormProps) {
  return (
    <section class="card" aria-label="Input required">
      <h2>The tool requests input</h2>
      <PostForm action={action} token={token} hidden={{ call: sealed }}>
        {listInputs(required).map(({ request, name }) => (
          <Input request={request} name={name} />
        ))}
        <div class="start">
          <Button busy="Running…">Continue</Button>
        </div>
      </PostForm>
    </section>
  );
}

function Input({ request, name }: { request: InputRequest; name: string }) {
  switch (request.method) {
    case "roots/list":
      return <p>The tool requests the roots of the client. The playground has none.</p>;
    case "sampling/createMessage":
      return <Sampling params={request.params} name={name} />;
    case "elicitation/create":
      return <Elicitation request={request} name={name} />;
  }
}

function Elicitation({
  request,
  name,
}: {
  request: InputRequest & { method: "elicitation/create" };
  name: string;
}) {
  const form = formOf(request, name);
  const typed: Typed = form === undefined ? {} : initialValues(form.fields);
  return (
    <fieldset>
      <legend>{request.params.message}</legend>
      {"url" in request.params && (
        <p>
          Open{" "}
          <a href={request.params.url} rel="noreferrer noopener" target="_blank">
            {request.params.url}
          </a>{" "}
          and complete the step there.
        </p>
      )}
      {form?.fields.map((field) => (
        <FieldView
          field={field}
          texts={typed[field.name] ?? []}
          options={"options" in field && Array.isArray(field.options) ? field.options : []}
          faults={[]}
        />
      ))}
      <label>
        Answer
        <select name={`${name}-action`}>
          {ACTIONS.map(({ value, label }) => (
            <option value={value}>{label}</option>
          ))}
        </select>
      </label>
    </fieldset>
  );
}

interface SamplingProps {
  readonly params: (InputRequest & { method: "sampling/createMessage" })["params"];
  readonly name: string;
}

function Sampling({ params: { messages, systemPrompt }, name }: SamplingProps) {
  return (
    <fieldset>
      <legend>The tool requests a completion of a language model</legend>
      {systemPrompt !== undefined && <pre>{systemPrompt}</pre>}
      {messages.map(({ role, content }) => {
        const text = textContent.safeParse(content);
        return (
          <p>
            <strong>{role}:</strong> {text.success ? text.data.text : JSON.stringify(content)}
          </p>
        );
      })}
      <label>
        Response of the model
        <textarea name={`${name}-text`} rows={4} required />
      </label>
    </fieldset>
  );
}
