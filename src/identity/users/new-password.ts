/** Rejects predictable new passwords at the endpoints of better-auth that set one: changes and resets. */
import { APIError, type createAuthMiddleware, getSessionFromCtx } from "better-auth/api";
import { PASSWORD_WEAKNESS_MESSAGES } from "../../core/password-strength.ts";
import type { Database } from "../../db/client.ts";
import { listTenantsOfUser } from "../../db/queries/identity/user-accounts.ts";
import type { JudgeNewPassword } from "./password-policy.ts";

type EndpointContext = Parameters<Parameters<typeof createAuthMiddleware>[0]>[0];

export interface NewPasswordDeps {
  readonly database: Database;
  readonly judgeNewPassword: JudgeNewPassword;
}

const NEW_PASSWORD_PATHS = new Set(["/change-password", "/reset-password"]);

export async function rejectWeakPassword(
  { database, judgeNewPassword }: NewPasswordDeps,
  ctx: EndpointContext,
): Promise<void> {
  if (!NEW_PASSWORD_PATHS.has(ctx.path)) return;
  const { newPassword, token } = ctx.body ?? {};
  if (typeof newPassword !== "string") return;
  const owner = await findOwner(ctx, token);
  const tenants = owner === undefined ? [] : await listTenantsOfUser(database.asSystem(), owner.id);
  const names = owner === undefined ? [] : [owner.name, owner.email];
  const weakness = await judgeNewPassword(newPassword, [...names, ...tenants.map(({ name }) => name)]);
  if (weakness === undefined) return;
  throw new APIError("BAD_REQUEST", {
    code: weakness === "breached" ? "PASSWORD_BREACHED" : "PASSWORD_PREDICTABLE",
    message: PASSWORD_WEAKNESS_MESSAGES[weakness],
  });
}

interface Owner {
  readonly id: string;
  readonly name: string;
  readonly email: string;
}

/** By the session, or by the token of a reset link; undefined for an invalid one, which the endpoint rejects. */
async function findOwner(ctx: EndpointContext, token: unknown): Promise<Owner | undefined> {
  if (typeof token !== "string") return (await getSessionFromCtx(ctx))?.user;
  const { internalAdapter } = ctx.context;
  const link = await internalAdapter.findVerificationValue(`reset-password:${token}`);
  const user = link === null ? null : await internalAdapter.findUserById(link.value);
  return user ?? undefined;
}
