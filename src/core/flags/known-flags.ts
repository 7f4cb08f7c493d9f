/** The features that the gateway itself switches by flag, and how they are as long as no flag of that key is set. */
export const KNOWN_FLAGS = {
  "mcp.early-answer": {
    isOn: true,
    description:
      "Answers long-running calls with an event stream. Disable for clients that cannot read event streams.",
  },
} as const satisfies Record<string, { isOn: boolean; description: string }>;

export type KnownFlag = keyof typeof KNOWN_FLAGS;
