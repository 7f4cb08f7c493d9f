/** The user's own latest calls of a tool, on its page: what was called when, and what came of it. */

import { pageShape } from "../http/api-client.ts";
import type { AdminContext } from "../http/page-env.ts";
import { durationText, type RequestRow, requestShape, Status } from "../logs/request-rows.tsx";
import { Time } from "../ui/components.tsx";

const SHOWN_CALLS = 5;
const DAYS = 7;
const DAY_MS = 86_400_000;

interface CalledTool {
  readonly name: string;
  readonly serverId: string;
}

const filtersOf = ({ name, serverId }: CalledTool) => ({ toolName: name, targetServerId: serverId });

export async function listOwnCalls(c: AdminContext, tool: CalledTool): Promise<readonly RequestRow[]> {
  const { value } = await c.get("rest").read("/me/requests", pageShape(requestShape), {
    ...filtersOf(tool),
    from: new Date(Date.now() - DAYS * DAY_MS).toISOString(),
    limit: SHOWN_CALLS,
  });
  return value.items;
}

export function OwnCalls({ tool, calls }: { tool: CalledTool; calls: readonly RequestRow[] }) {
  return (
    <section class="card" aria-label="Your recent calls">
      <h2>Your recent calls</h2>
      {calls.length === 0 && <p class="quiet-text">No calls in the last {DAYS} days.</p>}
      <ul class="plain tight">
        {calls.map((request) => (
          <li class="row">
            <span>
              <Time at={request.requestTime} /> <Status request={request} />
            </span>
            <span class="quiet-text">
              {request.clientName ?? ""} {durationText(request.durationMs)}
            </span>
          </li>
        ))}
      </ul>
      {calls.length > 0 && (
        <p>
          <a href={`/admin/my-requests?${new URLSearchParams({ ...filtersOf(tool), period: "week" })}`}>
            View all
          </a>
        </p>
      )}
    </section>
  );
}
