/** The parameters of the registry's API, as in its OpenAPI description of 2025-12-01. */
import { z } from "zod";
import { toBase64url } from "../../core/base64url.ts";
import { ENTRY_STATUSES } from "../../core/enums.ts";
import { moment } from "../http/times.ts";

const flag = z.enum(["true", "false"]).transform((text) => text === "true");

/** Some clients send the parameter without a value. */
const words = z
  .string()
  .max(200)
  .transform((text) => (text.trim() === "" ? undefined : text.trim()));

const filter = {
  search: words.optional(),
  updated_since: moment.optional(),
  version: z.string().min(1).max(255).optional(),
  include_deleted: flag.default(false),
};

export const listQuery = z.object({
  ...filter,
  cursor: z
    .string()
    .max(2000)
    .transform((text) => (text === "" ? undefined : text))
    .optional(),
  limit: z.coerce.number().int().min(1).max(100).default(30),
});

export const oneQuery = z.object({ include_deleted: flag.default(false) });

/** The beginning of the next page, and the query. Base64url, because VS Code puts it into the URL as it is. */
export const listCursor = z.object({
  after: z.object({ name: z.string(), version: z.string() }),
  search: z.string().optional(),
  updated_since: moment.optional(),
  version: z.string().optional(),
  include_deleted: z.boolean(),
});

export function formatEntryCursor(
  { name, version }: { name: string; version: string },
  asked: Omit<z.output<typeof listCursor>, "after">,
): string {
  const place: z.output<typeof listCursor> = { ...asked, after: { name, version } };
  return toBase64url(new TextEncoder().encode(JSON.stringify(place)));
}

export const statusBody = z
  .strictObject({
    status: z.enum(ENTRY_STATUSES),
    statusMessage: z
      .string()
      .max(500)
      .transform((text) => (text === "" ? undefined : text))
      .optional(),
  })
  .meta({ examples: [{ status: "deprecated", statusMessage: "Use 2.0.0." }] });
