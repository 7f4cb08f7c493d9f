// Answers the requests of a server during a call: a form field by field, or a page to open in the browser.
import { z } from "zod";
import { toPlainText } from "../print.ts";
import { askLine } from "./terminal.ts";

type Value = string | number | boolean | string[];

export interface ElicitationAnswer {
  readonly [member: string]: unknown;
  readonly action: "accept" | "decline" | "cancel";
  readonly content?: Record<string, Value>;
}

const request = z.object({
  message: z.string(),
  url: z.string().optional(),
  requestedSchema: z
    .object({
      properties: z
        .record(
          z.string(),
          z.object({
            type: z.string().optional(),
            title: z.string().optional(),
            enum: z.array(z.string()).optional(),
            default: z.unknown().optional(),
          }),
        )
        .default({}),
      required: z.array(z.string()).default([]),
    })
    .optional(),
});

/** `ask` returns an empty text for a field that is left out. */
export async function answerElicitation(
  params: unknown,
  ask: (question: string) => Promise<string> = askLine,
): Promise<ElicitationAnswer> {
  const { message, url, requestedSchema } = request.parse(params);
  const asked = toPlainText(message);
  if (url !== undefined) {
    const reply = await ask(`${asked}\nOpen ${toPlainText(url)} and press Enter when done, or type "no": `);
    return { action: isNo(reply) ? "decline" : "accept" };
  }
  const content: Record<string, Value> = {};
  for (const [name, field] of Object.entries(requestedSchema?.properties ?? {})) {
    const isRequired = requestedSchema?.required.includes(name) === true;
    const label = `${asked}\n${toPlainText(field.title ?? name)}${describe(field, isRequired)}: `;
    const text = await ask(label);
    const value = readField(text === "" ? field.default : text, field.type);
    if (value === undefined && isRequired) return { action: "decline" };
    if (value !== undefined) content[name] = value;
  }
  return { action: "accept", content };
}

const isNo = (text: string) => /^no?$/i.test(text);

function describe(
  { enum: choices, type }: { enum?: string[] | undefined; type?: string | undefined },
  isRequired: boolean,
) {
  const kind = choices?.map(toPlainText).join(", ") ?? (type === "boolean" ? "yes or no" : (type ?? "text"));
  return ` (${kind}${isRequired ? "" : ", optional"})`;
}

function readField(value: unknown, type: string | undefined): Value | undefined {
  if (value === undefined || value === "") return undefined;
  if (type === "boolean") return /^(?:y(?:es)?|true)$/i.test(String(value));
  if (type === "number" || type === "integer") {
    const number = Number(value);
    return Number.isFinite(number) ? number : undefined;
  }
  if (type === "array")
    return String(value)
      .split(",")
      .map((each) => each.trim());
  return String(value);
}
