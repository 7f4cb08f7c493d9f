/** The groups of a principal: each counts until its membership expires, which takes no job and no query. */

export interface PrincipalGroup {
  readonly id: string;
  /** Milliseconds since 1970, exclusive; infinite for a membership that does not expire. */
  readonly until: number;
}

/** A membership as the database returns it within JSON. */
export interface StoredPrincipalGroup {
  readonly id: string;
  readonly expiresAt: string | null;
}

/** Undefined for a principal without groups, so that nothing is computed for it. */
export function parseGroups(
  rows: readonly StoredPrincipalGroup[] | null | undefined,
): readonly PrincipalGroup[] | undefined {
  if (rows === null || rows === undefined || rows.length === 0) return undefined;
  return rows.map(({ id, expiresAt }) => ({
    id,
    until: expiresAt === null ? Number.POSITIVE_INFINITY : Date.parse(expiresAt),
  }));
}

const NONE: readonly string[] = [];

export function listActiveGroups(
  groups: readonly PrincipalGroup[] | undefined,
  now: number,
): readonly string[] {
  return groups === undefined ? NONE : groups.flatMap(({ id, until }) => (until > now ? [id] : []));
}

/** When the next membership expires, in milliseconds since 1970; infinite where none will. */
export function nextGroupExpiry(groups: readonly PrincipalGroup[] | undefined, now: number): number {
  const coming = (groups ?? []).flatMap(({ until }) => (until > now ? [until] : []));
  return Math.min(Number.POSITIVE_INFINITY, ...coming);
}
