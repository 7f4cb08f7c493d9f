/** The features that the gateway itself switches by flag, and how they are as long as no flag of that key is set. */
export const KNOWN_FLAGS = {
  "mcp.early-answer": {
    isOn: true,
    description:
      "A call that takes long is answered by an event stream that waits with the caller. Off for clients that cannot read one.",
  },
} as const satisfies Record<string, { isOn: boolean; description: string }>;

export type KnownFlag = keyof typeof KNOWN_FLAGS;
