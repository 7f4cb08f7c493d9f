/** Whether an organization requires two-factor authentication of a member, and from when on. */

/** The setting of the organization: an ISO time, or null where it is optional. */
export function parseSecondFactorFrom(setting: unknown): Date | undefined {
  if (typeof setting !== "string") return undefined;
  const from = new Date(setting);
  // A value that cannot be read must not switch the requirement off.
  return Number.isNaN(from.getTime()) ? new Date(0) : from;
}

export interface SecondFactorState {
  /** The organization's setting, as it is stored. */
  readonly setting: unknown;
  readonly isEnabled: boolean;
}

/** `pending`: the member still has time to set it up. `missing`: nothing but setting it up is possible. */
export type SecondFactorDuty = "none" | "pending" | "missing";

export function secondFactorDuty({ setting, isEnabled }: SecondFactorState, now: Date): SecondFactorDuty {
  const requiredFrom = parseSecondFactorFrom(setting);
  if (requiredFrom === undefined || isEnabled) return "none";
  return now >= requiredFrom ? "missing" : "pending";
}
