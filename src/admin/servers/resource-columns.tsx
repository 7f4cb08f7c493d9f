/** The columns of a resource that every list of resources shows, behind its URI. */
import { z } from "zod";
import { ACCESS_PATTERNS } from "../../core/enums.ts";
import { formatBytes } from "../charts/scale.ts";
import type { Column, Filter } from "../lists/spec.ts";

export const resourceShape = z.object({
  id: z.string(),
  uriTemplate: z.string(),
  name: z.string(),
  description: z.string().nullable(),
  mimeType: z.string().nullable(),
  accessPattern: z.enum(ACCESS_PATTERNS).nullable(),
  size: z.number().nullable(),
});

type Row = z.infer<typeof resourceShape>;

export const resourceColumns: readonly Column<Row>[] = [
  { name: "name", label: "Name", sorts: true, show: ({ name }) => name },
  { name: "mimeType", label: "MIME type", sorts: true, show: ({ mimeType }) => mimeType ?? "" },
  { name: "accessPattern", label: "Access", show: ({ accessPattern }) => accessPattern ?? "" },
  {
    ...{ name: "size", label: "Size", sorts: true, number: true },
    show: ({ size }) => (size === null ? "" : formatBytes(size)),
  },
  { name: "description", label: "Description", show: ({ description }) => description ?? "" },
];

export const accessFilter: Filter = {
  name: "accessPattern",
  label: "Access",
  kind: "choice",
  options: ACCESS_PATTERNS.map((value) => ({ value, label: value })),
};
