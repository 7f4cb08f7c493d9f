/** Settings of the sessions of people who are signed in. The values of the organization that a session is in apply. */
import type { Setting } from "./setting.ts";

export const SESSION_SETTINGS = {
  "sessions.idle_minutes": {
    type: "number",
    label: "Session idle time",
    description: "Minutes after the last page or request after which a session ends.",
    whose: "both",
    fallback: 10_080,
    min: 5,
    max: 10_080,
    isInteger: true,
  },
  "sessions.max_hours": {
    type: "number",
    label: "Longest session",
    description: "Hours after sign-in after which a session ends, however active it is.",
    whose: "both",
    fallback: 720,
    min: 1,
    max: 720,
    isInteger: true,
  },
} as const satisfies Record<string, Setting>;
