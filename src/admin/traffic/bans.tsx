/** Active bans: temporary blocks of IP addresses and principals that exceeded their limits repeatedly. */
import { Hono } from "hono";
import { Button, PostForm } from "../forms/controls.tsx";
import type { AdminEnv } from "../http/page-env.ts";
import { redirectWithFlash } from "../http/redirect-with-flash.ts";
import { requirePagePermission } from "../http/require-permission.ts";
import { may } from "../lists/routes.tsx";
import { TableHead, Time } from "../ui/components.tsx";
import { buildFrame } from "../ui/frame.ts";
import { Page } from "../ui/layout.tsx";
import { type TrafficView, trafficShape } from "./limits-shapes.ts";

const PATH = "/admin/rate-limits/bans";

/** `token` is undefined without the permission to remove bans. */
function Bans({ bans, token }: { bans: TrafficView["bans"]; token: string | undefined }) {
  return (
    <>
      {bans.length === 0 && (
        <p class="quiet-text">
          No active bans. Callers that keep sending after being limited are banned temporarily.
        </p>
      )}
      {bans.length > 0 && (
        <section class="scroll" aria-label="Active bans" tabindex={0}>
          <table>
            <TableHead columns={["IP address", "Expires", ...(token !== undefined ? ["Action"] : [])]} />
            <tbody>
              {bans.map(({ client, endsAt }) => (
                <tr>
                  <td>
                    <code>{client}</code>
                  </td>
                  <td>
                    <Time at={endsAt} />
                  </td>
                  {token !== undefined && (
                    <td>
                      <PostForm action={`${PATH}/lift`} token={token} hidden={{ client }} class="inline">
                        <Button kind="quiet">Remove ban</Button>
                      </PostForm>
                    </td>
                  )}
                </tr>
              ))}
            </tbody>
          </table>
        </section>
      )}
    </>
  );
}

export const bans = new Hono<AdminEnv>()
  .get(PATH, requirePagePermission("traffic.read"), async (c) => {
    const { value } = await c.get("rest").read("/traffic", trafficShape);
    const frame = buildFrame(c);
    return c.html(
      <Page
        title="Bans"
        intro="Temporary blocks of callers that keep sending requests after they are rate limited."
        frame={frame}
      >
        <Bans bans={value.bans} token={may(c, "traffic.lift") ? frame.formToken : undefined} />
      </Page>,
    );
  })
  .post(`${PATH}/lift`, requirePagePermission("traffic.lift"), async (c) => {
    const { client = "" } = c.get("form");
    const sent = await c.get("rest").send("POST", "/traffic/unban", { json: { client } });
    return redirectWithFlash(c, sent, { says: `Ban removed for ${client}.`, back: PATH });
  });
