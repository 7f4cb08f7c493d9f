/** What Postgres refused, as far as callers can do something about it. Drizzle and the driver wrap it in each other. */
export function sqlState(thrown: unknown): string | undefined {
  for (let error = thrown; error instanceof Error; error = error.cause) {
    if ("code" in error && typeof error.code === "string" && /^[0-9A-Z]{5}$/.test(error.code))
      return error.code;
  }
  return undefined;
}

export const isUniqueViolation = (thrown: unknown): boolean => sqlState(thrown) === "23505";

/** What `assertUnchanged` ends a batch with. */
export const isStaleWrite = (thrown: unknown): boolean => sqlState(thrown) === "22012";

/** A row that another row refers to was to be deleted, or a row that is not there was referred to. */
export const isReferenced = (thrown: unknown): boolean => sqlState(thrown) === "23503";
