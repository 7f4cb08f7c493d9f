/** Everything that has a place in the navigation: one line a group of pages, in the order within its section. */
import { overview } from "./home/overview.tsx";
import { registry } from "./registry/entries.tsx";
import { registrySources } from "./registry/sources.tsx";
import { toolChanges } from "./servers/changes.tsx";
import { servers } from "./servers/group.ts";
import { ipRules } from "./traffic/ip-rules.tsx";
import type { PageGroup } from "./ui/navigation.ts";

export const GROUPS: readonly PageGroup[] = [
  overview,
  servers,
  toolChanges,
  registry,
  registrySources,
  ipRules,
];
