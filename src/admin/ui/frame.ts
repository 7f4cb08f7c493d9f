/** What the frame of a page shows beside the page: who is there, where they are, what they may visit. */
import type { SignedInUser } from "../../identity/users/sessions.ts";
import type { ShownFlash } from "../http/flash.ts";
import { buildNavigation, type NavSection, type PageGroup } from "./navigation.ts";

export const THEMES = ["auto", "light", "dark"] as const;
export type Theme = (typeof THEMES)[number];
export const THEME_COOKIE = "theme";

export interface Frame {
  readonly person: SignedInUser | undefined;
  readonly formToken: string;
  readonly sections: readonly NavSection[];
  readonly path: string;
  readonly theme: Theme;
  readonly flash: ShownFlash | undefined;
}

/** What it takes of a page's context. */
interface FrameContext {
  readonly var: Pick<Frame, "person" | "formToken" | "theme" | "flash"> & {
    readonly groups: readonly PageGroup[];
  };
  readonly req: { readonly path: string };
}

export function buildFrame({ var: { person, formToken, theme, flash, groups }, req }: FrameContext): Frame {
  const sections = person === undefined ? [] : buildNavigation(groups, person);
  return { person, formToken, theme, flash, sections, path: req.path };
}
