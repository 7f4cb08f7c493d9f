/** How one person is shown, with no more buttons than the one who looks may press. */
import { z } from "zod";
import { SIGNED_IN } from "../../db/queries/logs/audit.ts";
import type { FormOutcome } from "../crud/pages.tsx";
import { Button, LinkButton, Notice, PostForm } from "../forms/controls.tsx";
import { type FieldSpec, faultsByField } from "../forms/fields.ts";
import { FieldView } from "../forms/form.tsx";
import { Badge, Details, TableHead, Time } from "../ui/components.tsx";
import type { Frame } from "../ui/frame.ts";
import { Page } from "../ui/layout.tsx";
import { describeDevice } from "./device.ts";
import { MemberStatus, type MemberView, ROLE_OPTIONS } from "./views.tsx";

export const sessionShape = z.object({
  id: z.string(),
  ipAddress: z.string().nullable(),
  userAgent: z.string().nullable(),
  impersonatedBy: z.string().nullable(),
  lastActivity: z.string().nullable(),
  createdAt: z.string(),
  expiresAt: z.string(),
});

export const BAN_FIELDS: readonly FieldSpec[] = [
  { name: "reason", label: "Reason", kind: "text", hint: "Internal note. Not shown to the member." },
  { name: "until", label: "Expires", kind: "moment", optional: true, hint: "Optional. Default: never." },
];

interface Props {
  readonly frame: Frame;
  readonly person: MemberView;
  /** Of their role. */
  readonly etag: string | undefined;
  readonly sessions: readonly z.infer<typeof sessionShape>[];
  readonly here: string;
  readonly ban?: FormOutcome;
  readonly rights: {
    readonly isSelf: boolean;
    readonly role: boolean;
    readonly remove: boolean;
    readonly standing: boolean;
    readonly ban: boolean;
    readonly sessions: boolean;
    readonly resetSecondFactor: boolean;
    readonly sendPasswordReset: boolean;
    readonly actAs: boolean;
  };
}

export function MemberPage(props: Props) {
  const { frame, person, here, rights } = props;
  return (
    <Page
      title={person.name}
      intro={person.email}
      frame={frame}
      actions={
        <>
          {rights.actAs && (
            <LinkButton to={`${here}/act-as`} kind="quiet">
              Impersonate
            </LinkButton>
          )}
          {rights.remove && (
            <LinkButton to={`${here}/remove`} kind="danger">
              Remove
            </LinkButton>
          )}
        </>
      }
    >
      <div class="grid">
        <Account {...props} />
        <div class="stack">
          {rights.role && <RoleForm {...props} />}
          <SignIn {...props} />
          {rights.ban && <Ban {...props} />}
        </div>
      </div>
      <Sessions {...props} />
    </Page>
  );
}

function Account({ person, frame, here, rights }: Props) {
  return (
    <section class="card" aria-labelledby="account-title">
      <div class="row">
        <h2 id="account-title">Account</h2>
        <MemberStatus person={person} />
      </div>
      <Details
        of={[
          ["Role", person.role],
          ["Username", person.username ?? "–"],
          ["Active API keys", <a href={`/admin/keys?userId=${person.id}`}>{person.activeKeys}</a>],
          ["Managed by", person.isHome ? "this organization" : "another organization"],
          ["Last activity", <Time at={person.lastActivity} />],
          ["Joined", <Time at={person.joinedAt} />],
          ["Account created", <Time at={person.createdAt} />],
        ]}
      />
      {rights.isSelf && <p class="quiet-text">You cannot disable or ban your own account.</p>}
      {rights.standing && (
        <PostForm
          action={`${here}/standing`}
          token={frame.formToken}
          hidden={{ active: person.isActive ? "no" : "yes" }}
          class="inline"
        >
          <Button kind={person.isActive ? "danger" : "main"}>
            {person.isActive ? "Disable account" : "Enable account"}
          </Button>
        </PostForm>
      )}
    </section>
  );
}

function SignIn({ person, frame, here, rights }: Props) {
  const history = new URLSearchParams({ action: SIGNED_IN, userId: person.id });
  return (
    <section class="card" aria-labelledby="sign-in-title">
      <h2 id="sign-in-title">Sign-in</h2>
      <Details
        of={[
          ["Methods", person.authProvider ?? "password"],
          [
            "2FA",
            <Badge tone={person.twoFactorEnabled ? "good" : "off"}>
              {person.twoFactorEnabled ? "on" : "off"}
            </Badge>,
          ],
          ["History", <a href={`/admin/logs/audit?${history}`}>Sign-ins in the audit log</a>],
        ]}
      />
      <div class="start">
        {rights.sendPasswordReset && (
          <PostForm action={`${here}/password-reset`} token={frame.formToken} class="inline">
            <Button kind="quiet">Send password reset link</Button>
          </PostForm>
        )}
        {rights.resetSecondFactor && (
          <LinkButton to={`${here}/reset-second-factor`} kind="danger">
            Reset 2FA
          </LinkButton>
        )}
      </div>
    </section>
  );
}

function RoleForm({ person, frame, here, etag }: Props) {
  return (
    <section class="card" aria-labelledby="role-title">
      <h2 id="role-title">Role</h2>
      <PostForm action={`${here}/role`} token={frame.formToken} hidden={{ etag }} class="filters">
        <label class="search">
          Role
          <select name="role">
            {ROLE_OPTIONS.map(({ value, label }) => (
              <option value={value} selected={value === person.role}>
                {label}
              </option>
            ))}
          </select>
        </label>
        <Button>Change role</Button>
      </PostForm>
    </section>
  );
}

function Ban({ person, frame, here, ban }: Props) {
  const faults = faultsByField(BAN_FIELDS, ban?.faults ?? []);
  return (
    <section class="card" aria-labelledby="ban-title">
      <h2 id="ban-title">Ban</h2>
      {person.banned ? (
        <>
          <Details
            of={[
              ["Reason", person.banReason ?? "–"],
              ["Expires", <Time at={person.banExpires} none="removed" />],
            ]}
          />
          <PostForm action={`${here}/unban`} token={frame.formToken} class="inline">
            <Button>Remove ban</Button>
          </PostForm>
        </>
      ) : (
        <PostForm action={`${here}/ban`} token={frame.formToken}>
          {ban?.message !== undefined && <Notice bad>{ban.message}</Notice>}
          {BAN_FIELDS.map((field) => (
            <FieldView
              field={field}
              texts={ban?.typed[field.name] ?? []}
              options={[]}
              faults={faults.get(field.name) ?? []}
            />
          ))}
          <div class="start">
            <Button kind="danger">Ban</Button>
          </div>
        </PostForm>
      )}
    </section>
  );
}

function Sessions({ sessions, frame, here, rights }: Props) {
  const end = (session?: string) => (
    <PostForm action={`${here}/sessions`} token={frame.formToken} hidden={{ session }} class="inline">
      <Button kind="quiet">{session === undefined ? "Revoke all" : "Revoke"}</Button>
    </PostForm>
  );
  return (
    <section class="list" aria-labelledby="sessions-title">
      <div class="row">
        <h2 id="sessions-title">Active sessions</h2>
        {rights.sessions && sessions.length > 1 && end()}
      </div>
      {sessions.length === 0 && <p class="card quiet-text">No active sessions.</p>}
      {sessions.length > 0 && (
        <section class="scroll" aria-label="Sessions" tabindex={0}>
          <table>
            <TableHead
              columns={[
                "Client",
                "IP address",
                "Last seen",
                "Created",
                "Expires",
                ...(rights.sessions ? ["Action"] : []),
              ]}
            />
            <tbody>
              {sessions.map(
                ({ id, userAgent, ipAddress, impersonatedBy, lastActivity, createdAt, expiresAt }) => (
                  <tr>
                    <td>
                      {describeDevice(userAgent)}{" "}
                      {impersonatedBy !== null && <Badge tone="warn">Impersonated session</Badge>}
                    </td>
                    <td>{ipAddress === null ? "–" : <code>{ipAddress}</code>}</td>
                    <td>
                      <Time at={lastActivity} none="–" />
                    </td>
                    <td>
                      <Time at={createdAt} />
                    </td>
                    <td>
                      <Time at={expiresAt} />
                    </td>
                    {rights.sessions && <td>{end(id)}</td>}
                  </tr>
                ),
              )}
            </tbody>
          </table>
        </section>
      )}
    </section>
  );
}
