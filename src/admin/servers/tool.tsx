/** A tool as lists show it. */
import { z } from "zod";
import { short, withUnit } from "../charts/scale.ts";
import type { Column } from "../lists/spec.ts";

export const toolView = z.object({
  id: z.string(),
  serverId: z.string(),
  serverName: z.string().nullable(),
  name: z.string(),
  title: z.string().nullable(),
  description: z.string().nullable(),
  totalCalls: z.number(),
  successCount: z.number(),
  avgExecutionTime: z.number().nullable(),
});

export type ToolView = z.infer<typeof toolView>;

const MOST = 160;
const cut = (text: string) => (text.length > MOST ? `${text.slice(0, MOST - 1)}…` : text);

export const toolColumns: readonly Column<ToolView>[] = [
  { name: "name", label: "Tool", sorts: true, show: ({ name }) => <code>{name}</code> },
  {
    name: "description",
    label: "Description",
    show: ({ title, description }) => (
      <>
        {title !== null && <strong>{title} </strong>}
        <span class="quiet-text">{cut(description ?? "")}</span>
      </>
    ),
    plain: ({ description }) => description,
  },
  {
    name: "totalCalls",
    label: "Calls",
    sorts: true,
    number: true,
    show: ({ totalCalls }) => short(totalCalls),
  },
  {
    name: "successCount",
    label: "Success rate",
    number: true,
    show: ({ totalCalls, successCount }) =>
      totalCalls === 0 ? "–" : withUnit((100 * successCount) / totalCalls, "%"),
  },
  {
    name: "avgExecutionTime",
    label: "Avg. duration",
    sorts: true,
    number: true,
    show: ({ avgExecutionTime }) => (avgExecutionTime === null ? "–" : withUnit(avgExecutionTime, "ms")),
  },
];
