/** The menus of the frame: navigation, organizations, account and command palette. Popovers need no script. */
import type { SignedInUser } from "../../identity/users/sessions.ts";
import { Button, PostForm } from "../forms/controls.tsx";
import { THEMES } from "../http/theme.ts";
import { Icon } from "../navigation/icons.tsx";
import type { NavEntry, NavGroup } from "../navigation/locate.ts";
import type { Frame } from "./frame.ts";

/** The links of the sidebar. Without script, `scroll-initial-target` in the stylesheet shows the current one. */
export function Navigation({
  groups,
  current,
}: {
  groups: readonly NavGroup[];
  current: NavEntry | undefined;
}) {
  return (
    <nav class="side" id="navigation" popover="auto" aria-label="Main">
      {groups.map(({ label, entries }) => (
        <>
          <h2>{label}</h2>
          <ul>
            {entries.map((entry) => (
              <li>
                <a href={entry.tabs[0]?.path} aria-current={entry === current ? "page" : undefined}>
                  <Icon name={entry.icon} />
                  {entry.label}
                </a>
              </li>
            ))}
          </ul>
        </>
      ))}
    </nav>
  );
}

/** Listing the organizations costs a query, so they are loaded when the menu opens. */
export function OrganizationMenu({ person }: { person: SignedInUser }) {
  return (
    <>
      <button type="button" class="quiet switcher" popovertarget="organizations">
        <span class="visually-hidden">Organization: </span>
        <span class="cut">{person.tenant?.name ?? "No organization"}</span> <span aria-hidden="true">▾</span>
      </button>
      <div class="popup left" id="organizations" popover="auto">
        <div
          hx-get="/account/organizations"
          hx-trigger="toggle from:#organizations once"
          hx-swap="innerHTML"
          hx-select=".organizations"
        >
          <a href="/account">Your organizations</a>
        </div>
      </div>
    </>
  );
}

const THEME_LABELS = { auto: "System", light: "Light", dark: "Dark" } as const;

export function AccountMenu({ frame, person }: { frame: Frame; person: SignedInUser }) {
  return (
    <>
      <button type="button" class="plain avatar" popovertarget="account" aria-label="Your account">
        {person.name.slice(0, 1).toUpperCase()}
      </button>
      <div class="popup" id="account" popover="auto">
        <p>
          <strong>{person.name}</strong>
          <br />
          <span class="quiet-text">{person.email}</span>
        </p>
        <ul class="menu">
          <li>
            <a href="/account">Account</a>
          </li>
          <li>
            <a href="/account/sessions">Sessions</a>
          </li>
          <li>
            <a href="/account/connections">Connected accounts</a>
          </li>
          <li>
            <a href="/account/clients">Connected applications</a>
          </li>
          {person.tenant !== undefined && (
            <li>
              <a href="/admin/my-requests">My requests</a>
            </li>
          )}
          <li>
            <a href="/api/v1/docs">API reference</a>
          </li>
        </ul>
        <PostForm
          action="/account/theme"
          token={frame.formToken}
          hidden={{ back: frame.path }}
          class="themes"
          theme
        >
          {THEMES.map((theme) => (
            <Button kind="quiet" name="theme" value={theme} pressed={theme === frame.theme}>
              {THEME_LABELS[theme]}
            </Button>
          ))}
        </PostForm>
        <PostForm action="/sign-out" token={frame.formToken}>
          <Button kind="quiet">Sign out</Button>
        </PostForm>
      </div>
    </>
  );
}

/** Ctrl-K; without script the link at the top leads to the same list. */
export function CommandPalette() {
  return (
    <dialog id="palette" aria-label="Search">
      <input
        type="search"
        name="q"
        placeholder="Search pages, actions, servers, tools, members, IDs…"
        aria-label="Search"
        autocomplete="off"
        hx-get="/admin/palette"
        hx-trigger="input changed delay:120ms, focus once"
        hx-target="#palette-found"
        hx-select=".found"
      />
      <div id="palette-found" />
    </dialog>
  );
}
