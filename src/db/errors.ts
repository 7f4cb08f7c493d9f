/** What Postgres refused, as far as callers can do something about it. Drizzle and the driver wrap it in each other. */
export function refusalCode(thrown: unknown): string | undefined {
  for (let error = thrown; error instanceof Error; error = error.cause) {
    if ("code" in error && typeof error.code === "string" && /^[0-9A-Z]{5}$/.test(error.code))
      return error.code;
  }
  return undefined;
}

export const isUniqueViolation = (thrown: unknown): boolean => refusalCode(thrown) === "23505";

/** What `insistUnchanged` ends a batch with. */
export const isChangedMeanwhile = (thrown: unknown): boolean => refusalCode(thrown) === "22012";
