/** Which version of a server is the latest: by semantic versioning where both follow it, else by when it was published. */
interface Semver {
  readonly numbers: readonly number[];
  readonly prerelease: readonly string[];
}

/** Semantic Versioning 2.0.0, §9 to §11; build metadata counts for nothing. */
const SEMVER =
  /^v?(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(?:-((?:0|[1-9]\d*|\d*[A-Za-z-][\dA-Za-z-]*)(?:\.(?:0|[1-9]\d*|\d*[A-Za-z-][\dA-Za-z-]*))*))?(?:\+[\dA-Za-z-]+(?:\.[\dA-Za-z-]+)*)?$/;

/** What names several versions at once is none: ranges, wildcards, comparisons, `latest`. */
const RANGE = /^[\^~<>=]|\s(?:-|\|\|)\s|\|\||^latest$|(?:^|\.)[x*X](?:\.|$)|\*/;

export const isVersionRange = (text: string): boolean => RANGE.test(text.trim());

export interface PublishedVersion {
  readonly version: string;
  readonly publishedAt: Date;
}

export function latestVersion<T extends PublishedVersion>(versions: readonly T[]): T | undefined {
  // In the order of publication, for where one of two follows no semantics the later one wins, and so it is no order.
  return versions
    .toSorted((left, right) => left.publishedAt.getTime() - right.publishedAt.getTime())
    .reduce<T | undefined>(
      (best, next) => (best === undefined || compareVersions(best, next) <= 0 ? next : best),
      undefined,
    );
}

/** Below zero where the left is the older one. */
export function compareVersions(left: PublishedVersion, right: PublishedVersion): number {
  const a = parseSemver(left.version);
  const b = parseSemver(right.version);
  const order = a === undefined || b === undefined ? 0 : compareSemver(a, b);
  return order || left.publishedAt.getTime() - right.publishedAt.getTime();
}

function parseSemver(text: string): Semver | undefined {
  const match = SEMVER.exec(text);
  if (match === null) return undefined;
  const [, major, minor, patch, prerelease] = match;
  return {
    numbers: [major, minor, patch].map(Number),
    prerelease: prerelease === undefined ? [] : prerelease.split("."),
  };
}

function compareSemver(left: Semver, right: Semver): number {
  for (let index = 0; index < 3; index += 1) {
    const order = (left.numbers[index] ?? 0) - (right.numbers[index] ?? 0);
    if (order !== 0) return order;
  }
  // A release comes after its own prereleases.
  if (left.prerelease.length === 0 || right.prerelease.length === 0) {
    return right.prerelease.length - left.prerelease.length;
  }
  const length = Math.min(left.prerelease.length, right.prerelease.length);
  for (let index = 0; index < length; index += 1) {
    const order = compareIdentifiers(left.prerelease[index] ?? "", right.prerelease[index] ?? "");
    if (order !== 0) return order;
  }
  return left.prerelease.length - right.prerelease.length;
}

function compareIdentifiers(left: string, right: string): number {
  const areNumbers = [left, right].map((text) => /^\d+$/.test(text));
  if (areNumbers[0] && areNumbers[1]) return Number(left) - Number(right);
  if (areNumbers[0] !== areNumbers[1]) return areNumbers[0] ? -1 : 1;
  return left < right ? -1 : left > right ? 1 : 0;
}
