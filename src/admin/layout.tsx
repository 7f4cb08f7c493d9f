/** The frame of every page. No script and no inline style: the security headers allow neither. */
import { raw } from "hono/html";
import type { Child } from "hono/jsx";
import type { Person } from "../identity/people/sessions.ts";
import { Button, PostForm } from "./forms.tsx";
import { ICON_PATH, STYLESHEET_PATH } from "./styles.ts";

export interface Frame {
  readonly person: Person | undefined;
  readonly formToken: string;
}

interface PageProps {
  readonly title: string;
  readonly frame: Frame;
  readonly narrow?: boolean;
  /** Where the browser goes by itself; for ways on that a form may not be redirected to. */
  readonly continueTo?: string;
  readonly children?: Child;
}

export function Page({ title, frame, narrow = false, continueTo, children }: PageProps) {
  const { person, formToken } = frame;
  return (
    <>
      {raw("<!doctype html>")}
      <html lang="en">
        <head>
          <meta charset="utf-8" />
          <meta name="viewport" content="width=device-width, initial-scale=1" />
          <meta name="robots" content="noindex" />
          {continueTo !== undefined && <meta http-equiv="refresh" content={`0;url=${continueTo}`} />}
          <title>{`${title} · MCP Registry Gateway`}</title>
          <link rel="stylesheet" href={STYLESHEET_PATH} />
          <link rel="icon" type="image/svg+xml" href={ICON_PATH} />
        </head>
        <body>
          {person?.impersonatorId !== undefined && (
            <div class="banner" role="status">
              <strong>You act as {person.email}.</strong> What you do is recorded with your own name.
              <PostForm action="/account/impersonation/stop" token={formToken} class="inline">
                <Button kind="quiet">Stop acting</Button>
              </PostForm>
            </div>
          )}
          {person !== undefined && (
            <header class="top">
              <strong>MCP Registry Gateway</strong>
              <nav class="row" aria-label="Account">
                <a href="/account">Account</a>
                <a href="/account/sessions">Sessions</a>
                <a href="/account/clients">Connected clients</a>
              </nav>
              <span class="who">
                {person.name}
                {person.tenant !== undefined && ` · ${person.tenant.name}`}
              </span>
              <PostForm action="/sign-out" token={formToken} class="inline">
                <Button kind="quiet">Sign out</Button>
              </PostForm>
            </header>
          )}
          <main class={narrow ? "narrow" : ""}>
            <h1>{title}</h1>
            {children}
          </main>
        </body>
      </html>
    </>
  );
}
