/** What those see who keep the gateway running. */
import { settings } from "../settings/settings.tsx";
import { configValues } from "../settings/values.tsx";
import type { PageGroup } from "../ui/navigation.ts";
import { announcements } from "./announcements.tsx";
import { databasePages } from "./database.tsx";
import { featureFlags } from "./flags.tsx";
import { maintenance } from "./maintenance.tsx";

export const operationsPageGroup: readonly PageGroup[] = [
  maintenance,
  announcements,
  featureFlags,
  settings,
  configValues,
  databasePages,
];
