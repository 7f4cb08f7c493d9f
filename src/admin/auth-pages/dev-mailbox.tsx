/** The dev mailbox: emails of a local gateway. The page does not exist in production. */
import { Hono } from "hono";
import { isLoopbackUrl } from "../../core/net/origin.ts";
import { listLatestEmails } from "../../db/queries/logs/dev-mailbox.ts";
import type { PageEnv } from "../http/page-env.ts";
import { buildFrame } from "../ui/frame.ts";
import { Page } from "../ui/layout.tsx";

/** The links are the reader's own mails; only addresses of this gateway become links. */
function linked(text: string, publicUrl: string) {
  return text
    .split(/(https?:\/\/\S+)/)
    .map((part) => (part.startsWith(`${publicUrl}/`) ? <a href={part}>{part}</a> : part));
}

export const devMailbox = new Hono<PageEnv>().get("/dev/mailbox", async (c) => {
  const { environment, publicUrl } = c.get("config");
  // It shows every link that is mailed, so only a gateway that no other machine reaches has it.
  if (environment === "production" || !isLoopbackUrl(publicUrl)) return c.notFound();
  const mails = await listLatestEmails(c.get("services").database.asSystem());
  return c.html(
    <Page title="Dev mailbox" frame={buildFrame(c)}>
      {mails.length === 0 && <p>No emails yet</p>}
      {mails.map(({ recipient, subject, body, createdAt }) => (
        <article class="card">
          <h2>{subject}</h2>
          <p class="quiet-text">
            to {recipient}, {createdAt.toISOString()}
          </p>
          <pre>{linked(body, publicUrl)}</pre>
        </article>
      ))}
    </Page>,
  );
});
