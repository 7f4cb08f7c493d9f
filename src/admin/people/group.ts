/** The pages on people and on what acts for them. */
import { accessControls } from "../access/controls.tsx";
import type { PageGroup } from "../ui/navigation.ts";
import { applications, oauthClients } from "./applications.tsx";
import { invitations } from "./invitations.tsx";
import { people } from "./people.tsx";

export const peoplePages: readonly PageGroup[] = [
  people,
  invitations,
  accessControls,
  applications,
  oauthClients,
];
