/** Where a user is signed in now, and where they signed in before. */
import { Hono } from "hono";
import { z } from "zod";
import { endSession } from "../../db/queries/identity/user-accounts.ts";
import { listActiveSessions } from "../../db/queries/identity/user-lookup.ts";
import { listSignInsOfUser } from "../../db/queries/logs/audit.ts";
import { Button, PostForm } from "../forms/controls.tsx";
import { requireSignedIn } from "../http/page-context.ts";
import type { SignedInEnv } from "../http/page-env.ts";
import { describeDevice } from "../members/device.ts";
import { Badge, TableHead, Time } from "../ui/components.tsx";
import { buildFrame, type Frame } from "../ui/frame.ts";
import { Page } from "../ui/layout.tsx";

const HERE = "/account/sessions";
const SHOWN_SIGN_INS = 50;

interface Session {
  readonly id: string;
  readonly userAgent: string | null;
  readonly ipAddress: string | null;
  readonly impersonatedBy: string | null;
  readonly lastActivity: Date | null;
  readonly data: unknown;
  readonly createdAt: Date;
}

interface SignIn {
  readonly timestamp: Date;
  readonly ipAddress: string | null;
  readonly userAgent: string | null;
  readonly details: unknown;
}

export const sessions = new Hono<SignedInEnv>()
  .get(HERE, requireSignedIn, async (c) => {
    const person = c.get("person");
    const frame = buildFrame(c);
    const db = c.get("services").database.asSystem();
    const [active, history] = await db.batch([
      listActiveSessions(db, person.id, new Date()),
      listSignInsOfUser(db, person.id, SHOWN_SIGN_INS),
    ]);
    return c.html(
      <Page title="Sessions" frame={frame}>
        <ActiveSessions sessions={active} current={person.sessionId} frame={frame} />
        <History signIns={history} />
      </Page>,
    );
  })
  .post(HERE, requireSignedIn, async (c) => {
    const { database, people } = c.get("services");
    const person = c.get("person");
    await endSession(database.asSystem(), person.id, c.get("form").session ?? "");
    await people.onUserChanged(person.id);
    return c.redirect(HERE, 303);
  });

interface ActiveProps {
  readonly sessions: readonly Session[];
  readonly current: string;
  readonly frame: Frame;
}

function ActiveSessions({ sessions: active, current, frame }: ActiveProps) {
  return (
    <section class="list" aria-labelledby="active-title">
      <h2 id="active-title">Active sessions</h2>
      <section class="scroll" aria-label="Sessions" tabindex={0}>
        <table>
          <TableHead columns={["Client", "IP address", "Last seen", "Signed in", "Method", "Action"]} />
          <tbody>
            {active.map(({ id, userAgent, ipAddress, createdAt, lastActivity, impersonatedBy, data }) => (
              <tr>
                <td title={userAgent ?? undefined}>
                  {describeDevice(userAgent)}{" "}
                  {impersonatedBy !== null && <Badge tone="warn">Impersonated by an admin</Badge>}
                </td>
                <td>{ipAddress === null ? "–" : <code>{ipAddress}</code>}</td>
                <td>
                  <Time at={lastActivity} none="–" />
                </td>
                <td>
                  <Time at={createdAt} />
                </td>
                <td>{describeMethod(data)}</td>
                <td>
                  {id === current ? (
                    <span class="quiet-text">Current session</span>
                  ) : (
                    <PostForm action={HERE} token={frame.formToken} hidden={{ session: id }} class="inline">
                      <Button kind="danger">Revoke</Button>
                    </PostForm>
                  )}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </section>
    </section>
  );
}

const method = z.object({ method: z.string(), secondFactor: z.string().optional() });

/** "password, trusted device" or, where a code completed the sign-in, "authenticator app". */
function describeMethod(details: unknown): string {
  const { data } = method.safeParse(details);
  return data === undefined ? "–" : [data.method, data.secondFactor].filter(Boolean).join(", ");
}

function History({ signIns }: { signIns: readonly SignIn[] }) {
  return (
    <section class="list" aria-labelledby="history-title">
      <h2 id="history-title">Sign-in history</h2>
      <p class="quiet-text">
        The last {SHOWN_SIGN_INS} sign-ins. If you do not recognize one, revoke the sessions above and change
        your password.
      </p>
      {signIns.length === 0 ? (
        <p class="card quiet-text">No sign-ins recorded.</p>
      ) : (
        <section class="scroll" aria-label="Sign-ins" tabindex={0}>
          <table>
            <TableHead columns={["Time", "Client", "IP address", "Method"]} />
            <tbody>
              {signIns.map(({ timestamp, userAgent, ipAddress, details }) => (
                <tr>
                  <td>
                    <Time at={timestamp} />
                  </td>
                  <td title={userAgent ?? undefined}>{describeDevice(userAgent)}</td>
                  <td>{ipAddress === null ? "–" : <code>{ipAddress}</code>}</td>
                  <td>{describeMethod(details)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </section>
      )}
    </section>
  );
}
