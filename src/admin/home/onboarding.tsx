/** The first steps of a new organization, ticked off as they are done. */
import type { Context } from "hono";
import { getCookie, setCookie } from "hono/cookie";
import { Button, PostForm } from "../forms/controls.tsx";
import type { AdminEnv } from "../http/page-env.ts";

const COOKIE = "hidden_checklist";
const YEAR_S = 365 * 86_400;

export interface OnboardingFacts {
  readonly hasServers: boolean;
  readonly hasKeys: boolean;
  readonly hasCalls: boolean;
  readonly hasMembers: boolean;
}

interface Step {
  readonly label: string;
  readonly path: string;
  readonly isDone: boolean;
}

const listSteps = (facts: OnboardingFacts, twoFactorEnabled: boolean): readonly Step[] => [
  { label: "Register an MCP server", path: "/admin/servers/new", isDone: facts.hasServers },
  { label: "Create an API key", path: "/admin/keys/new", isDone: facts.hasKeys },
  { label: "Connect a client and call a tool", path: "/admin/connect", isDone: facts.hasCalls },
  { label: "Invite members", path: "/admin/members/invitations/new", isDone: facts.hasMembers },
  { label: "Turn on two-factor authentication", path: "/account/second-factor", isDone: twoFactorEnabled },
];

interface ChecklistProps {
  readonly facts: OnboardingFacts;
  readonly twoFactorEnabled: boolean;
  readonly formToken: string;
}

export function Checklist({ facts, twoFactorEnabled, formToken }: ChecklistProps) {
  const steps = listSteps(facts, twoFactorEnabled);
  const done = steps.filter(({ isDone }) => isDone).length;
  if (done === steps.length) return null;
  return (
    <section class="card" aria-labelledby="first-steps">
      <div class="row">
        <h2 id="first-steps">
          First steps{" "}
          <span class="quiet-text">
            {done} of {steps.length} done
          </span>
        </h2>
        <PostForm action="/admin/overview/hide-checklist" token={formToken} class="inline">
          <Button kind="quiet">Hide</Button>
        </PostForm>
      </div>
      <ul class="plain tight">
        {steps.map(({ label, path, isDone }) => (
          <li>
            <span aria-hidden="true">{isDone ? "☑" : "☐"}</span>{" "}
            {isDone ? (
              <s>
                {label}
                <span class="visually-hidden"> (done)</span>
              </s>
            ) : (
              <a href={path}>{label}</a>
            )}
          </li>
        ))}
      </ul>
    </section>
  );
}

/** Per browser and organization: another admin may still need it. */
export const isChecklistHidden = (c: Context<AdminEnv>): boolean =>
  getCookie(c, COOKIE) === c.get("principal").tenantId;

export function hideChecklist(c: Context<AdminEnv>): void {
  const secure = c.get("config").publicUrl.startsWith("https:");
  const lasting = { path: "/admin", httpOnly: true, sameSite: "Lax", maxAge: YEAR_S } as const;
  setCookie(c, COOKIE, c.get("principal").tenantId, { ...lasting, secure });
}
