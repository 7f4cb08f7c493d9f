/** What the frame of a page shows beside the page: who is there, where they are, what they may visit. */
import type { SignedInUser } from "../../identity/users/sessions.ts";
import type { ShownFlash } from "../http/flash-message.ts";
import type { Theme } from "../http/theme.ts";
import { filterNavigation, type NavGroup } from "../navigation/locate.ts";
import { NAVIGATION } from "../navigation/table.ts";

export interface Frame {
  readonly person: SignedInUser | undefined;
  readonly formToken: string;
  readonly navigation: readonly NavGroup[];
  readonly path: string;
  readonly theme: Theme;
  readonly flash: ShownFlash | undefined;
}

/** What it takes of a page's context. */
interface FrameContext {
  readonly var: Pick<Frame, "person" | "formToken" | "theme" | "flash">;
  readonly req: { readonly path: string };
}

export function buildFrame({ var: { person, formToken, theme, flash }, req }: FrameContext): Frame {
  const navigation = person === undefined ? [] : filterNavigation(NAVIGATION, person);
  return { person, formToken, theme, flash, navigation, path: req.path };
}
