/** The first page: what there is to go to. */
import { Hono } from "hono";
import { type AdminEnv, gate } from "../gate.ts";
import { frameOf } from "../ui/frame.ts";
import { Page } from "../ui/layout.tsx";
import type { PageGroup } from "../ui/navigation.ts";

const routes = new Hono<AdminEnv>().get("/admin", gate("me.read"), (c) => {
  const frame = frameOf(c);
  return c.html(
    <Page title="Overview" frame={frame}>
      <div class="grid">
        {frame.sections
          .filter(({ section }) => section !== "")
          .map(({ section, entries }) => (
            <section class="card" aria-label={section}>
              <h2>{section}</h2>
              <ul class="plain">
                {entries.map(({ label, path }) => (
                  <li>
                    <a href={path}>{label}</a>
                  </li>
                ))}
              </ul>
            </section>
          ))}
      </div>
    </Page>,
  );
});

export const overview: PageGroup = {
  nav: [{ section: "", label: "Overview", path: "/admin", action: "me.read", also: "home dashboard" }],
  routes,
};
