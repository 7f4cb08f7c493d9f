/** The frame of every page. No script and no style stands in the page itself: the security headers allow neither. */
import { raw } from "hono/html";
import type { Child } from "hono/jsx";
import { Button, PostForm } from "../forms/controls.tsx";
import { findLocation, type NavLocation } from "../navigation/locate.ts";
import { assetPath } from "./assets.ts";
import { Tabs, Time } from "./components.tsx";
import type { Frame } from "./frame.ts";
import { AccountMenu, CommandPalette, Navigation, OrganizationMenu } from "./menus.tsx";

interface Crumb {
  readonly label: string;
  readonly path: string;
}

interface PageProps {
  readonly title: string;
  readonly frame: Frame;
  /** A small card in the middle: signing in and the like. */
  readonly narrow?: boolean;
  /** The pages between this one and its tab; entry and tab come from the navigation. */
  readonly crumbs?: readonly Crumb[];
  /** Beside the title: what one can do here. */
  readonly actions?: Child;
  /** Below the title, in a sentence. */
  readonly intro?: Child;
  /** Where the browser goes by itself; for ways on that a form may not be redirected to. */
  readonly continueTo?: string;
  readonly children?: Child;
}

/** The configuration of htmx: no eval, no inline styles or scripts, and requests to this origin only. */
const HTMX = JSON.stringify({
  allowEval: false,
  allowScriptTags: false,
  includeIndicatorStyles: false,
  selfRequestsOnly: true,
  historyCacheSize: 0,
});

export function Page(props: PageProps) {
  const { title, frame, narrow = false, continueTo } = props;
  return (
    <>
      {raw("<!doctype html>")}
      <html lang="en" data-theme={frame.theme}>
        <head>
          <meta charset="utf-8" />
          <meta name="viewport" content="width=device-width, initial-scale=1" />
          <meta name="robots" content="noindex" />
          <meta name="htmx-config" content={HTMX} />
          {continueTo !== undefined && <meta http-equiv="refresh" content={`0;url=${continueTo}`} />}
          <title>{`${title} · MCP Registry Gateway`}</title>
          <link rel="stylesheet" href={assetPath("gateway.css")} />
          <link rel="icon" type="image/svg+xml" href={assetPath("icon.svg")} />
          <script src={assetPath("htmx.js")} defer />
          <script src={assetPath("gateway.js")} defer />
        </head>
        <body>
          {narrow || frame.person === undefined ? <NarrowLayout {...props} /> : <AppLayout {...props} />}
        </body>
      </html>
    </>
  );
}

function NarrowLayout({ title, frame, children }: PageProps) {
  const { person, formToken } = frame;
  return (
    <main class="narrow">
      <span class="brand">
        <img src={assetPath("icon.svg")} alt="" width="20" height="20" />
        MCP Registry Gateway
      </span>
      <h1>{title}</h1>
      {children}
      {person !== undefined && (
        <div class="row quiet-text">
          <span>{person.email}</span>
          <PostForm action="/sign-out" token={formToken} class="inline">
            <Button kind="quiet">Sign out</Button>
          </PostForm>
        </div>
      )}
    </main>
  );
}

/** Pages that show announcements themselves. */
const PAGES_WITHOUT_BANNER = new Set(["/admin", "/admin/announcements"]);

function AppLayout({ title, frame, crumbs = [], actions, intro, children }: PageProps) {
  const { person, formToken } = frame;
  if (person === undefined) return null;
  const location = findLocation(frame.navigation, frame.path);
  return (
    <>
      <a class="skip" href="#main">
        Skip to content
      </a>
      <header class="top">
        <button
          type="button"
          class="plain menu-button"
          popovertarget="navigation"
          aria-label="Open navigation"
        >
          ☰
        </button>
        <a class="brand" href="/admin">
          <img src={assetPath("icon.svg")} alt="" width="20" height="20" />
          <span>MCP Registry Gateway</span>
        </a>
        <OrganizationMenu person={person} />
        <p class="jump">
          <a href="/admin/palette" data-palette>
            <span>Search…</span> <kbd>Ctrl K</kbd>
          </a>
        </p>
        <AccountMenu frame={frame} person={person} />
      </header>
      {person.impersonatorId !== undefined && (
        <div class="banner" role="status">
          <span>
            <strong>You are impersonating {person.email}.</strong> Actions are logged under your own account.
          </span>
          <PostForm action="/account/impersonation/stop" token={formToken} class="inline">
            <Button kind="quiet">Stop impersonating</Button>
          </PostForm>
        </div>
      )}
      {person.secondFactorDuty === "pending" && (
        <div class="banner" role="status">
          <span>
            <strong>{person.tenant?.name}</strong> requires two-factor authentication from{" "}
            <Time at={person.secondFactorFrom} /> on.
          </span>
          <a href="/account/second-factor">Set it up</a>
        </div>
      )}
      <div class="frame">
        <Navigation groups={frame.navigation} current={location?.entry} />
        <main id="main">
          <Place location={location} crumbs={crumbs} title={title} />
          <div class="head">
            <div>
              <h1>{title}</h1>
              {intro !== undefined && <p class="quiet-text">{intro}</p>}
            </div>
            {actions !== undefined && <div class="actions">{actions}</div>}
          </div>
          <FlashNotice frame={frame} />
          {!PAGES_WITHOUT_BANNER.has(frame.path) && (
            <div
              hx-get="/admin/announcements/banner"
              hx-trigger="load"
              hx-swap="outerHTML"
              hx-select=".announced"
            />
          )}
          {children}
          <p class="zone quiet-text">
            Times are in <span data-zone>UTC</span>.
          </p>
        </main>
      </div>
      <CommandPalette />
    </>
  );
}

/** The tabs of the entry on a tab, the way from the entry on a page below one. */
function Place({
  location,
  crumbs,
  title,
}: {
  location: NavLocation | undefined;
  crumbs: readonly Crumb[];
  title: string;
}) {
  if (location?.isTab === true) {
    const { entry, tab } = location;
    return entry.tabs.length < 2 ? null : <Tabs tabs={entry.tabs} current={tab.path} label={entry.label} />;
  }
  // The list of a record may be the tab itself.
  const further = crumbs.filter(({ path }) => path !== location?.tab.path);
  const way = [...(location === undefined ? [] : crumbsTo(location)), ...further];
  if (way.length === 0) return null;
  return (
    <nav class="crumbs" aria-label="Breadcrumb">
      {way.map(({ label, path }) => (
        <>
          <a href={path}>{label}</a> <span aria-hidden="true">/</span>{" "}
        </>
      ))}
      <span aria-current="page">{title}</span>
    </nav>
  );
}

function crumbsTo({ entry: { label, tabs }, tab }: NavLocation): readonly Crumb[] {
  const path = tabs[0]?.path ?? tab.path;
  return [{ label, path }, ...(tab.path === path ? [] : [tab])];
}

function FlashNotice({ frame }: { frame: Frame }) {
  const { flash, formToken } = frame;
  if (flash === undefined) return null;
  return (
    <div
      class={`notice row${flash.bad === true ? " bad" : ""}`}
      role={flash.bad === true ? "alert" : "status"}
    >
      <span>{flash.says}</span>
      {flash.undo !== undefined && (
        <PostForm action="/admin/undo" token={formToken} hidden={{ flash: flash.sealed }} class="inline">
          <Button kind="quiet">Undo</Button>
        </PostForm>
      )}
    </div>
  );
}
