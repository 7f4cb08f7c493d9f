/** Where one can go: pages by their names, and servers and tools by theirs. */
import { Hono } from "hono";
import { z } from "zod";
import { type ApiClient, pageShape } from "../http/api-client.ts";
import { type AdminEnv, requirePagePermission } from "../http/require-permission.ts";
import { may } from "../lists/routes.tsx";
import { buildFrame } from "../ui/frame.ts";
import { Page } from "../ui/layout.tsx";

interface Place {
  readonly label: string;
  readonly path: string;
  readonly kind: string;
}

const named = pageShape(z.object({ id: z.string(), name: z.string() }));
const MOST = 6;

async function things(rest: ApiClient, kind: string, api: string, to: string, q: string): Promise<Place[]> {
  if (q === "") return [];
  const { value } = await rest.read(api, named, { q, limit: MOST, fields: "id,name" });
  return value.items.map(({ id, name }) => ({ label: name, path: `${to}/${id}`, kind }));
}

export const commandPalette = new Hono<AdminEnv>().get(
  "/admin/palette",
  requirePagePermission("me.read"),
  async (c) => {
    const q = (c.req.query("q") ?? "").trim().slice(0, 100);
    const frame = buildFrame(c);
    const words = q.toLowerCase().split(/\s+/);
    const pages = frame.navigation
      .flatMap(({ label: group, entries }) => entries.map((entry) => ({ ...entry, group })))
      .flatMap(({ label: entry, group, tabs }) =>
        tabs.map((tab) => ({ ...tab, kind: tab.label === entry ? group : entry })),
      )
      .filter(({ label, keywords = "", kind }) => {
        const text = `${label} ${keywords} ${kind}`.toLowerCase();
        return words.every((word) => text.includes(word));
      });
    const rest = c.get("rest");
    const found = may(c, "servers.list")
      ? await Promise.all([
          things(rest, "Server", "/servers", "/admin/servers", q),
          things(rest, "Tool", "/tools", "/admin/tools", q),
        ])
      : [];
    const places = [...pages, ...found.flat()];
    return c.html(
      <Page title="Search" frame={frame}>
        <form method="get" action="/admin/palette" class="filters">
          <label class="search">
            Name
            <input type="search" name="q" value={q} />
          </label>
          <button type="submit" class="quiet">
            Search
          </button>
        </form>
        {places.length === 0 && <p class="found quiet-text">No results</p>}
        {places.length > 0 && (
          <ul class="found">
            {places.map(({ label, path, kind }) => (
              <li>
                <a href={path}>
                  {label} <span class="quiet-text">{kind}</span>
                </a>
              </li>
            ))}
          </ul>
        )}
      </Page>,
    );
  },
);
