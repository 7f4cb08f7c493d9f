/** The preview below the form of a toolset: what its clients would see. */
import { Hono } from "hono";
import { z } from "zod";
import { readFields, readTyped } from "../forms/fields.ts";
import { PreviewResult } from "../forms/preview.tsx";
import type { AdminEnv } from "../http/page-env.ts";
import { requirePagePermission } from "../http/require-permission.ts";
import { TableHead } from "../ui/components.tsx";
import { buildFrame } from "../ui/frame.ts";
import { Page } from "../ui/layout.tsx";
import { fromToolsetForm, TOOLSET_FIELDS } from "./toolset-form.ts";

const preview = z.object({
  items: z.array(
    z.object({
      kind: z.string(),
      server: z.string(),
      name: z.string(),
      exposed: z.string().nullable(),
      description: z.string().nullable(),
      parameters: z.array(z.string()),
    }),
  ),
  problems: z.array(z.object({ path: z.string(), message: z.string() })),
});
type Preview = z.output<typeof preview>;

const SENT = ["members", "overrides"];
const SHOWN_ITEMS = 200;

export const PREVIEW_PATH = "/admin/tools/toolsets/preview";

export const toolsetPreview = new Hono<AdminEnv>().post(
  PREVIEW_PATH,
  requirePagePermission("toolsets.read"),
  async (c) => {
    const used = TOOLSET_FIELDS.filter(({ name }) => SENT.includes(name));
    const { body, faults } = readFields(used, readTyped(used, c.get("posted")));
    const rest = c.get("rest");
    const sent =
      faults.length > 0
        ? undefined
        : await rest.send("POST", "/toolsets/preview", { json: await fromToolsetForm(body, rest) });
    return c.html(
      <Page title="Preview" frame={buildFrame(c)}>
        <PreviewResult>
          {sent?.ok === true ? (
            <Items found={preview.parse(sent.value)} />
          ) : (
            <p class="quiet-text">Enter valid members and overrides to see the preview.</p>
          )}
        </PreviewResult>
      </Page>,
    );
  },
);

function Items({ found: { items, problems } }: { found: Preview }) {
  if (items.length === 0 && problems.length === 0) return <p class="quiet-text">No items selected.</p>;
  return (
    <>
      <p>
        {items.length} {items.length === 1 ? "item" : "items"} selected.
      </p>
      {problems.length > 0 && (
        <ul class="tight" aria-label="Problems">
          {problems.map(({ path, message }) => (
            <li>
              <code>{path}</code> {message}
            </li>
          ))}
        </ul>
      )}
      {items.length > 0 && (
        <section class="scroll" aria-label="Selected items" tabindex={0}>
          <table>
            <TableHead
              columns={["Name", "Type", "Server", "Name on the server", "Description", "Parameters"]}
            />
            <tbody>
              {items.slice(0, SHOWN_ITEMS).map(({ kind, server, name, exposed, description, parameters }) => (
                <tr>
                  <td>{exposed === null ? "Name taken by another item" : <code>{exposed}</code>}</td>
                  <td>{kind}</td>
                  <td>{server}</td>
                  <td>
                    <code>{name}</code>
                  </td>
                  <td>{description ?? ""}</td>
                  <td>{parameters.join(", ")}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </section>
      )}
      {items.length > SHOWN_ITEMS && <p>and {items.length - SHOWN_ITEMS} more</p>}
    </>
  );
}
