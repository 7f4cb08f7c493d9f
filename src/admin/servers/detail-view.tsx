/** What one server's page shows of it: how it is reached, and its breaker. */
import { z } from "zod";
import { BREAKER_STATES } from "../../core/enums.ts";
import { Button, PostForm } from "../forms/controls.tsx";
import type { AdminContext } from "../http/page-env.ts";
import { may } from "../lists/routes.tsx";
import { CopyButton, Details, Time } from "../ui/components.tsx";
import { Breaker } from "../ui/states.tsx";
import { type ServerView, serverPath } from "./server.ts";

export const breakerView = z.object({
  state: z.enum(BREAKER_STATES),
  isForced: z.boolean(),
  lastTransitionAt: z.string().nullable(),
});

interface FactsProps {
  readonly server: ServerView;
  readonly owner: string | undefined;
  readonly publicUrl: string;
}

export function Facts({ server, owner, publicUrl }: FactsProps) {
  const { name, endpointUrl, transportType, auth, protocolVersion, version, region, createdAt } = server;
  return (
    <section class="card" aria-label="Endpoints">
      <h2>Endpoints</h2>
      <Details
        of={[
          [
            "Server endpoint",
            <span class="start">
              <code id="own-endpoint">{`${publicUrl}/mcp/${name}`}</code>
              <CopyButton from="own-endpoint" />
            </span>,
          ],
          ["Aggregated endpoint", <code>{`${publicUrl}/mcp`}</code>],
          ...(endpointUrl === null ? [] : [["Upstream URL", <code>{endpointUrl}</code>] as const]),
          ["Transport", transportType],
          ...(auth === null ? [] : [["Credential", auth.type] as const]),
          ["Protocol", protocolVersion ?? "Unknown"],
          ["Version", version ?? "–"],
          ["Region", region ?? "–"],
          ["Last discovery", <Time at={server.discoveredAt} />],
          ["Created", <Time at={createdAt} />],
          ...(owner === undefined ? [] : [["Created by", owner] as const]),
        ]}
      />
      {server.description !== null && <p>{server.description}</p>}
      {server.instructions !== null && (
        <details>
          <summary>Server instructions</summary>
          <pre>{server.instructions}</pre>
        </details>
      )}
    </section>
  );
}

interface BreakerProps {
  readonly c: AdminContext;
  readonly server: ServerView;
  readonly breaker: z.infer<typeof breakerView>;
}

export function BreakerCard({ c, server, breaker: { state, isForced, lastTransitionAt } }: BreakerProps) {
  return (
    <section class="card" aria-label="Circuit breaker">
      <div class="row">
        <div class="start">
          <h2>Circuit breaker</h2>
          <Breaker of={state} />
          {isForced && <span class="quiet-text">Forced by admin</span>}
          {lastTransitionAt !== null && (
            <span class="quiet-text">
              since <Time at={lastTransitionAt} />
            </span>
          )}
        </div>
        {may(c, "circuit-breakers.force") && (
          <PostForm action={`${serverPath(server.id)}/breaker`} token={c.get("formToken")} class="inline">
            <Button kind="quiet" name="state" value="open">
              Force open
            </Button>
            <Button kind="quiet" name="state" value="closed">
              Force closed
            </Button>
            <Button kind="quiet" name="state" value="automatic">
              Automatic
            </Button>
          </PostForm>
        )}
      </div>
      <p class="quiet-text">Open: all calls are rejected with Retry-After. Closed: all calls are sent.</p>
    </section>
  );
}
