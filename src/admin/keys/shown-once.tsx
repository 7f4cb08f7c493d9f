/** A key's text is shown this once and never again, so the page is the answer to the form, and nothing leads back to it. */
import type { Context } from "hono";
import type { Child } from "hono/jsx";
import { Button, LinkButton, PostForm } from "../forms/controls.tsx";
import type { AdminEnv } from "../http/page-env.ts";
import { buildFrame } from "../ui/frame.ts";
import { Page } from "../ui/layout.tsx";
import { SecretOnce } from "../ui/secret-once.tsx";
import { KEYS } from "./key.ts";

interface ShownOnceProps {
  readonly c: Context<AdminEnv>;
  readonly name: string;
  readonly secret: string;
  readonly children?: Child;
}

export function ShownOnce({ c, name, secret, children }: ShownOnceProps) {
  return (
    <Page title={`API key ${name}`} frame={buildFrame(c)}>
      <section class="card" aria-label="API key">
        <SecretOnce noun="key" secret={secret} />
        {children}
        <div class="start">
          <PostForm
            action="/admin/connect/with-key"
            token={c.get("formToken")}
            hidden={{ secret }}
            class="inline"
          >
            <Button kind="quiet">Connect a client with this key</Button>
          </PostForm>
          <LinkButton to={KEYS} kind="quiet">
            Done
          </LinkButton>
        </div>
      </section>
    </Page>
  );
}
