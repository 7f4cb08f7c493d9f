/** A routing rule's conditions, as people read and write them. */
import { z } from "zod";

const texts = z.array(z.string()).optional();

export const conditionsShape = z.object({
  tools: texts,
  methods: texts,
  tags: texts,
  clients: texts,
  headers: z.record(z.string(), z.string()).optional(),
  percentage: z.number().optional(),
});
export type Conditions = z.infer<typeof conditionsShape>;

export function readConditions({ tools, methods, tags, clients, headers, percentage }: Conditions): string {
  const some = (noun: string, values: readonly string[] | undefined) =>
    values === undefined || values.length === 0 ? [] : [`${noun} ${values.join(" or ")}`];
  const parts = [
    ...some("tool", tools),
    ...some("method", methods),
    ...some("tag", tags),
    ...some("client", clients),
    ...formatHeaderLines(headers).map((line) => `header ${line}`),
    ...(percentage === undefined ? [] : [`${percentage} % of sessions`]),
  ];
  return parts.join(", ") || "always";
}

export const formatHeaderLines = (headers: Readonly<Record<string, string>> = {}) =>
  Object.entries(headers).map(([name, value]) => `${name}: ${value}`);

export function parseHeaderLines(lines: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    lines.map((line) => {
      const at = line.indexOf(":");
      return at < 0 ? [line.trim(), ""] : [line.slice(0, at).trim(), line.slice(at + 1).trim()];
    }),
  );
}
