/** The overview of members without the admin role: their servers and announcements. */
import { z } from "zod";
import { HEALTH_STATUSES } from "../../core/enums.ts";
import { type ApiClient, pageShape } from "../http/api-client.ts";
import { CopyButton, Empty } from "../ui/components.tsx";
import { Health } from "../ui/states.tsx";
import { Announcements } from "./overview-view.tsx";

const server = z.object({
  id: z.string(),
  name: z.string(),
  title: z.string().nullable(),
  description: z.string().nullable(),
  healthStatus: z.enum(HEALTH_STATUSES),
});

const announcement = z.object({
  id: z.string(),
  title: z.string(),
  body: z.string(),
  severity: z.string(),
  requiresAcknowledgement: z.boolean(),
  acknowledgedAt: z.string().nullable(),
});

export async function loadMemberOverview(rest: ApiClient) {
  const [servers, announcements] = await Promise.all([
    rest.read("/servers", pageShape(server), { limit: 50 }),
    rest.read("/me/announcements", z.object({ items: z.array(announcement) })),
  ]);
  return { servers: servers.value.items, announcements: announcements.value.items };
}

interface MineProps {
  readonly mine: Awaited<ReturnType<typeof loadMemberOverview>>;
  readonly formToken: string;
  readonly mcpUrl: string;
}

export function MemberOverview({ mine: { servers, announcements }, formToken, mcpUrl }: MineProps) {
  return (
    <>
      <Announcements announcements={announcements} formToken={formToken} />
      <section class="card" aria-labelledby="endpoint">
        <h2 id="endpoint">Your endpoint</h2>
        <p>One URL for all servers you can access.</p>
        <p class="start">
          <code id="endpoint-address">{mcpUrl}/mcp</code>
          <CopyButton from="endpoint-address" />
        </p>
      </section>
      {servers.length === 0 ? (
        <div class="card">
          <Empty title="No servers yet">
            <p>No server is available to you yet. Ask an admin for access.</p>
          </Empty>
        </div>
      ) : (
        <div class="grid three">
          {servers.map(({ id, name, title, description, healthStatus }) => (
            <article class="card">
              <div class="row">
                <h2>
                  <a href={`/admin/servers/${id}`}>{title ?? name}</a>
                </h2>
                <Health of={healthStatus} />
              </div>
              <p class="quiet-text clamp">{description ?? name}</p>
            </article>
          ))}
        </div>
      )}
    </>
  );
}
