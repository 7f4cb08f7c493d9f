/** The pages on people and on what acts for them. */
import { accessRules } from "../access/controls.tsx";
import type { PageGroup } from "../ui/navigation.ts";
import { applications, oauthClients } from "./applications.tsx";
import { invitations } from "./invitations.tsx";
import { members } from "./people.tsx";

export const memberPageGroup: readonly PageGroup[] = [
  members,
  invitations,
  accessRules,
  applications,
  oauthClients,
];
