/** What Postgres refused, as far as callers can do something about it. Drizzle and the driver wrap it in each other. */
export function isUniqueViolation(thrown: unknown): boolean {
  for (let error = thrown; error instanceof Error; error = error.cause) {
    if ("code" in error && error.code === "23505") return true;
  }
  return false;
}
