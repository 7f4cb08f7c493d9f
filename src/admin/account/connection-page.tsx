/** One account of the member at a server: its state, and the form that connects it. */
import { z } from "zod";
import { Button, Check, Field, Notice, PostForm } from "../forms/controls.tsx";
import type { ApiError } from "../http/api-client.ts";
import type { AdminContext } from "../http/page-env.ts";
import { may } from "../lists/routes.tsx";
import { Badge, Details, Time, type Tone } from "../ui/components.tsx";
import { buildFrame } from "../ui/frame.ts";
import { Page } from "../ui/layout.tsx";

export const CONNECTIONS = "/account/connections";

const STATUSES = ["connected", "expired", "missing"] as const;
type Status = (typeof STATUSES)[number];

export const account = z.object({
  serverId: z.string(),
  server: z.string(),
  title: z.string().nullable(),
  authType: z.string(),
  status: z.enum(STATUSES),
  scopes: z.array(z.string()),
  connectedAt: z.string().nullable(),
  expiresAt: z.string().nullable(),
  isRenewable: z.boolean(),
  lastUsedAt: z.string().nullable(),
  isForDiscovery: z.boolean(),
});
export type Account = z.output<typeof account>;

const LABELS: Record<Status, readonly [tone: Tone, label: string]> = {
  connected: ["good", "Connected"],
  expired: ["warn", "Reconnect"],
  missing: ["off", "Not connected"],
};

export function StatusBadge({ status }: { status: Status }) {
  const [tone, label] = LABELS[status];
  return <Badge tone={tone}>{label}</Badge>;
}

export const getName = ({ title, server }: Account) => title ?? server;
export const getPath = ({ serverId }: Account) => `${CONNECTIONS}/${serverId}`;

/** When the credential ends, as far as that concerns the member. */
export function Expiry({ of: { status, expiresAt, isRenewable } }: { of: Account }) {
  if (status === "missing") return "–";
  if (isRenewable) return "Renewed automatically";
  return expiresAt === null ? "Does not expire" : <Time at={expiresAt} />;
}

export async function accountPage(c: AdminContext, found: Account, refusal?: ApiError) {
  const frame = buildFrame(c);
  return (
    <Page
      title={getName(found)}
      frame={frame}
      intro="Your calls to this server are sent with your own account."
    >
      {refusal !== undefined && (
        <Notice bad>
          {refusal.errors.map(({ message }) => `Secret ${message}.`).join(" ") || refusal.message}
        </Notice>
      )}
      <section class="card wide" aria-label="Account">
        <Details
          of={[
            ["Status", <StatusBadge status={found.status} />],
            ["Connected", <Time at={found.connectedAt} none="–" />],
            ["Last used", <Time at={found.lastUsedAt} none="–" />],
            ["Expires", <Expiry of={found} />],
            ["Scopes", found.scopes.join(", ") || "–"],
            ["Capability discovery", found.isForDiscovery ? "Acts as this account" : "–"],
          ]}
        />
      </section>
      <section class="card wide" aria-label="Connect account">
        {found.authType === "user_oauth" ? (
          <ConsentForm c={c} of={found} token={frame.formToken} scope={c.req.query("scope")} />
        ) : (
          <SecretForm c={c} of={found} token={frame.formToken} />
        )}
      </section>
      {found.status !== "missing" && (
        <PostForm action={`${getPath(found)}/disconnect`} token={frame.formToken}>
          <Button kind="danger">Disconnect account</Button>
        </PostForm>
      )}
    </Page>
  );
}

interface FormProps {
  readonly c: AdminContext;
  readonly of: Account;
  readonly token: string;
}

/** `scope`: what a call needs beside the scopes that the account has. */
function ConsentForm({ c, of, token, scope }: FormProps & { readonly scope: string | undefined }) {
  return (
    <PostForm action={`${getPath(of)}/authorize`} token={token} hidden={{ scope }}>
      {scope !== undefined && (
        <p>
          A call needs further access: <strong>{scope}</strong>
        </p>
      )}
      <p class="quiet-text">
        You are redirected to the server's sign-in page to authorize this gateway, and back.
      </p>
      {may(c, "servers.update") && <DiscoveryChoice of={of} />}
      <Button>{of.status === "missing" ? "Connect account" : "Reconnect account"}</Button>
    </PostForm>
  );
}

function SecretForm({ c, of, token }: FormProps) {
  return (
    <PostForm action={getPath(of)} token={token}>
      <Field
        name="secret"
        label="Personal access token"
        type="password"
        autocomplete="off"
        maxlength={8000}
        hint="Created in your account at the server. Stored encrypted and never shown."
      />
      {may(c, "servers.update") && <DiscoveryChoice of={of} />}
      <Button>{of.status === "connected" ? "Replace token" : "Connect account"}</Button>
    </PostForm>
  );
}

function DiscoveryChoice({ of }: { of: Account }) {
  return (
    <Check
      name="isForDiscovery"
      label="Use my account for capability discovery and health checks"
      checked={of.isForDiscovery}
    />
  );
}
