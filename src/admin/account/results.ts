/** The notices of the account page after a change, by its `done` parameter. */
const RESULTS = {
  "passkey-added": "Passkey added. Sign in with it from now on.",
  profile: "Profile saved.",
  password: "Password changed. Other sessions are signed out.",
  "second-factor-on": "Two-factor authentication is on.",
  "second-factor-off": "Two-factor authentication is off.",
  "devices-removed": "All trusted devices removed. The next sign-in requires a code.",
} as const;

export type AccountResult = keyof typeof RESULTS;

export const describeResult = (done: string | undefined): string | undefined =>
  Object.entries(RESULTS).find(([name]) => name === done)?.[1];
