/** Judges new passwords: by their parts, and by whether they are known from a breach. Present passwords stay valid. */
import { findPasswordWeakness, type PasswordWeakness } from "../../core/password-strength.ts";
import { type BreachLookupDeps, isBreachedPassword } from "./breached-passwords.ts";

/** `names`: what an attacker can guess about the account, such as its user, email address and organizations. */
export type JudgeNewPassword = (
  password: string,
  names: readonly string[],
) => Promise<PasswordWeakness | undefined>;

export function createPasswordPolicy(deps: BreachLookupDeps): JudgeNewPassword {
  return async (password, names) => {
    const weakness = findPasswordWeakness(password, names);
    if (weakness !== undefined) return weakness;
    return (await isBreachedPassword(deps, password)) ? "breached" : undefined;
  };
}
