/** What stands around every page of one server: its name, its health, its tabs, and what one may do with it. */
import type { Child } from "hono/jsx";
import { Button, LinkButton, PostForm } from "../forms/controls.tsx";
import type { AdminContext } from "../http/page-env.ts";
import { may } from "../lists/routes.tsx";
import { Badge, Tabs } from "../ui/components.tsx";
import { buildFrame } from "../ui/frame.ts";
import { Page } from "../ui/layout.tsx";
import { Health } from "../ui/states.tsx";
import { type ServerView, serverName, serverPath } from "./server.ts";

const TABS = [
  { label: "Overview", at: "", admin: false },
  { label: "Tools", at: "/tools", admin: false },
  { label: "Resources and prompts", at: "/resources", admin: false },
  { label: "Settings", at: "/settings", admin: true },
  { label: "Credentials", at: "/credentials", admin: true },
] as const;

interface ServerPageProps {
  readonly c: AdminContext;
  readonly server: ServerView;
  readonly children?: Child;
}

export function ServerPage({ c, server, children }: ServerPageProps) {
  const path = serverPath(server.id);
  const mayChange = may(c, "servers.update");
  const tabs = TABS.filter(({ admin }) => !admin || mayChange).map(({ label, at }) => ({
    label,
    path: path + at,
  }));
  return (
    <Page
      title={serverName(server)}
      frame={buildFrame(c)}
      intro={
        <>
          {server.isActive ? <Health of={server.healthStatus} /> : <Badge tone="off">disabled</Badge>}{" "}
          {server.tags.map((tag) => (
            <span class="tag">{tag}</span>
          ))}
        </>
      }
      actions={
        <>
          {may(c, "servers.discover") && (
            <PostForm action={`${path}/discover`} token={c.get("formToken")} class="inline">
              <Button kind="quiet" busy="Refreshing…">
                Refresh capabilities
              </Button>
            </PostForm>
          )}
          {may(c, "servers.delete") && (
            <LinkButton to={`${path}/delete`} kind="danger">
              Delete
            </LinkButton>
          )}
        </>
      }
    >
      <Tabs tabs={tabs} current={c.req.path} label="Server sections" />
      {children}
    </Page>
  );
}
