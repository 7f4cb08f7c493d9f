/** The command palette as a page: what the dialog shows, and what opens without script. */
import { Hono } from "hono";
import type { AdminEnv } from "../http/page-env.ts";
import { requirePagePermission } from "../http/require-permission.ts";
import { buildFrame } from "../ui/frame.ts";
import { Page } from "../ui/layout.tsx";
import { searchPalette } from "./palette-search.ts";

const MAX_QUERY_LENGTH = 130;

export const commandPalette = new Hono<AdminEnv>().get(
  "/admin/palette",
  requirePagePermission("me.read"),
  async (c) => {
    const q = (c.req.query("q") ?? "").trim().slice(0, MAX_QUERY_LENGTH);
    const frame = buildFrame(c);
    const found = await searchPalette(c, frame.navigation, q);
    return c.html(
      <Page title="Search" frame={frame}>
        <form method="get" action="/admin/palette" class="filters">
          <label class="search">
            Name or ID
            <input type="search" name="q" value={q} />
          </label>
          <button type="submit" class="quiet">
            Search
          </button>
        </form>
        {found.length === 0 && <p class="found quiet-text">No results</p>}
        {found.length > 0 && (
          <ul class="found">
            {found.map(({ label, path, kind }) => (
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
