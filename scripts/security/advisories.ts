/**
 * Compares the lockfile with a committed list of published advisories, without the network. The list holds advisories
 * of packages in our dependency tree; docs/SECURITY.md describes how it is kept current.
 */
export interface Advisory {
  readonly id: string;
  readonly package: string;
  readonly title: string;
  /** The first affected version; without it, all before `fixed`. */
  readonly introduced?: string | undefined;
  readonly fixed: string;
  /** Installed versions that are affected and do no harm here, with the reason. */
  readonly accepted?: { readonly versions: readonly string[]; readonly reason: string } | undefined;
}

export interface Affected {
  readonly id: string;
  readonly package: string;
  readonly version: string;
  readonly fixed: string;
}

/** Of each package, the versions that a lockfile (version 3) installs. */
export function installedVersions(
  packages: Readonly<Record<string, { readonly version?: string | undefined }>>,
): ReadonlyMap<string, ReadonlySet<string>> {
  const installed = new Map<string, Set<string>>();
  for (const [path, { version }] of Object.entries(packages)) {
    const name = path.split("node_modules/").at(-1);
    if (path === "" || name === undefined || version === undefined) continue;
    installed.set(name, (installed.get(name) ?? new Set()).add(version));
  }
  return installed;
}

export function listAffected(
  installed: ReadonlyMap<string, ReadonlySet<string>>,
  advisories: readonly Advisory[],
): Affected[] {
  return advisories.flatMap((advisory) =>
    [...(installed.get(advisory.package) ?? [])]
      .filter((version) => isAffected(version, advisory))
      .map((version) => ({ id: advisory.id, package: advisory.package, version, fixed: advisory.fixed })),
  );
}

function isAffected(version: string, { introduced, fixed, accepted }: Advisory): boolean {
  if (accepted?.versions.includes(version) === true) return false;
  const isOldEnough = compareVersions(version, fixed) < 0;
  return isOldEnough && (introduced === undefined || compareVersions(version, introduced) >= 0);
}

/** By major, minor and patch; a prerelease comes before its release. */
export function compareVersions(one: string, other: string): number {
  const [a, b] = [partsOf(one), partsOf(other)];
  for (const at of [0, 1, 2] as const) {
    const difference = (a.numbers[at] ?? 0) - (b.numbers[at] ?? 0);
    if (difference !== 0) return difference;
  }
  return Number(b.isPrerelease) - Number(a.isPrerelease);
}

function partsOf(version: string) {
  const [release = "", ...prerelease] = (version.split("+")[0] ?? "").split("-");
  return { numbers: release.split(".").map(Number), isPrerelease: prerelease.length > 0 };
}
