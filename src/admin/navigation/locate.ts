/** Resolves the navigation table for one user: visible groups, entries and tabs, and the tab that contains a path. */
import type { Permission } from "../../core/access/permissions.ts";
import { evaluatePermission } from "../../core/access/rbac.ts";
import type { SignedInUser } from "../../identity/users/sessions.ts";
import { toPrincipal } from "../../identity/users/sessions.ts";
import type { IconName } from "./icons.tsx";

export interface NavTab {
  readonly label: string;
  readonly path: string;
  readonly permission: Permission;
  /** Further words by which the command palette finds it, former names among them. */
  readonly keywords?: string;
}

export interface NavEntry {
  readonly label: string;
  readonly icon: IconName;
  /** The first one is at the path of the entry itself. */
  readonly tabs: readonly NavTab[];
}

export interface NavGroup {
  readonly label: string;
  readonly entries: readonly NavEntry[];
}

/** Returns what the user may open. An entry without a visible tab is absent, and so is a group without an entry. */
export function filterNavigation(groups: readonly NavGroup[], user: SignedInUser): readonly NavGroup[] {
  const principal = toPrincipal(user);
  if (principal === undefined) return [];
  const canOpen = ({ permission }: NavTab) => evaluatePermission(principal, permission).allowed;
  return groups
    .map(({ label, entries }) => ({
      label,
      entries: entries
        .map((entry) => ({ ...entry, tabs: entry.tabs.filter(canOpen) }))
        .filter(({ tabs }) => tabs.length > 0),
    }))
    .filter(({ entries }) => entries.length > 0);
}

export interface NavLocation {
  readonly entry: NavEntry;
  readonly tab: NavTab;
  /** The path is the tab itself, not a page below it. */
  readonly isTab: boolean;
}

/** Finds the tab whose path is the longest prefix of the path. Only the overview itself has the path `/admin`. */
export function findLocation(groups: readonly NavGroup[], path: string): NavLocation | undefined {
  const candidates = groups
    .flatMap(({ entries }) => entries)
    .flatMap((entry) => entry.tabs.map((tab) => ({ entry, tab, isTab: tab.path === path })))
    .filter(({ tab, isTab }) => isTab || (tab.path !== "/admin" && path.startsWith(`${tab.path}/`)));
  return candidates.sort((a, b) => b.tab.path.length - a.tab.path.length)[0];
}
