/**
 * The registry of pages: each group says what stands in the navigation, and what one must be allowed to see it. The
 * palette finds the same entries.
 */
import type { Hono } from "hono";
import type { Permission } from "../../core/access/permissions.ts";
import { evaluatePermission } from "../../core/access/rbac.ts";
import type { SignedInUser } from "../../identity/users/sessions.ts";
import { toPrincipal } from "../../identity/users/sessions.ts";
import type { AdminEnv } from "../http/require-permission.ts";

/** In the order of the navigation. */
export const SECTIONS = [
  "",
  "Home",
  "Catalog",
  "Access",
  "Traffic",
  "Logs",
  "Operations",
  "Settings",
] as const;
export type Section = (typeof SECTIONS)[number];

export interface NavEntry {
  /** "": on top, without a heading. */
  readonly section: Section;
  readonly label: string;
  readonly path: string;
  readonly action: Permission;
  /** What else people may call it, for the palette. */
  readonly also?: string;
}

export interface PageGroup {
  readonly nav: readonly NavEntry[];
  /** Its routes have whole paths: /admin/…. */
  readonly routes: Hono<AdminEnv>;
}

function canOpen(person: SignedInUser | undefined, action: Permission): boolean {
  const principal = person && toPrincipal(person);
  return principal !== undefined && evaluatePermission(principal, action).allowed;
}

export interface NavSection {
  readonly section: Section;
  readonly entries: readonly NavEntry[];
}

export function buildNavigation(groups: readonly PageGroup[], person: SignedInUser): readonly NavSection[] {
  const all = groups.flatMap(({ nav }) => nav).filter(({ action }) => canOpen(person, action));
  return SECTIONS.map((section) => ({
    section,
    entries: all.filter((entry) => entry.section === section),
  })).filter(({ entries }) => entries.length > 0);
}
