/** Tasks 12, 14 and 15: operations, applications, and a second organization. */
import { expect } from "vitest";
import { uuidv7 } from "../../../src/core/ids.ts";
import { sdkClient } from "../../fixtures/sdk-client.ts";
import { runTasks, type TaskContext } from "../../fixtures/tasks.ts";
import { startTinyServers, type TinyServers } from "../../fixtures/tiny-servers.ts";

let tinies: TinyServers;

async function planOperations({ user, tag }: TaskContext): Promise<void> {
  await user.open("/admin");
  await user.go("Servers");
  await user.click("Maintenance");
  await user.arrive("Maintenance");
  await user.click("Create maintenance window");
  await user.arrive("Create maintenance window");
  await user.fill("Title", `Disks ${tag}`);
  await user.fill(/^Start/, "2027-05-10T22:00");
  await user.fill(/^End/, "2027-05-11T02:00");
  await user.click("Create maintenance window");
  await user.see("Maintenance window created.");

  await user.go("Organization");
  await user.click("Announcements");
  await user.arrive("Announcements");
  await user.click("Create announcement");
  await user.arrive("Create announcement");
  await user.fill("Title", `Moving ${tag}`);
  await user.fill(/^Text/, "Servers move on Friday.");
  await user.click("Create announcement");
  await user.see("Announcement created.");

  await user.click("Feature flags");
  await user.arrive("Feature flags");
  await user.click("Create feature flag");
  await user.arrive("Create feature flag");
  await user.fill(/^Key/, `flag-${tag}`);
  await user.fill("Name", `Flag ${tag}`);
  await user.check("Enabled");
  await user.click("Create feature flag");
  await user.see("Feature flag created.");

  await user.click("Retention");
  await user.arrive("Retention");
  await user.click("Dry run");
  await user.arrive("Dry run");
  await user.see("Rows that would be deleted now.");
  await user.see("Nothing to delete");
}

async function connectApplication({ user, stage, visitor, tag }: TaskContext): Promise<void> {
  const application = await sdkClient({ url: `${stage.gateway.url}/mcp`, name: `Notebook ${tag}` });
  const client = await application.connect(async (address) => {
    await user.page.goto(address);
    await user.arrive(`Authorize Notebook ${tag}`);
    await user.click("Authorize");
    await user.page.getByRole("heading", { name: "You may close this page" }).waitFor();
  });
  // A tool that is not declared read-only is not for read-only members.
  expect((await client.listTools()).tools).toHaveLength(visitor === "readonly" ? 0 : 1);
  await client.close();
  await user.open("/admin");
  await user.click("Your account");
  await user.click("Connected applications");
  await user.arrive("Connected applications");
  await user.see(`Notebook ${tag}`);
  await user.click("Disconnect");
  await user.see("No connected applications");
  await application.close();
}

async function addOrganization({ user, stage, tag }: TaskContext): Promise<void> {
  const slug = `second-${tag}-${uuidv7().slice(-8)}`;
  await user.open("/admin");
  await user.go("System");
  await user.arrive("Organizations");
  await user.click("Create organization");
  await user.arrive("Create organization");
  await user.fill("Name", slug);
  await user.fill(/^Slug/, slug);
  await user.click("Create organization");
  await user.see("created");
  await user.click("Open organization");
  await user.arrive("Overview");
  await user.go("Servers");
  await user.see("No servers yet");
  await user.seeNothingOf("of-the-first");
  await user.click(/^Organization/);
  if (user.options.script) await user.click(new RegExp(stage.tenant.slug));
  else {
    await user.click("Your organizations");
    await user.click("Switch", { role: "listitem", name: stage.tenant.slug });
  }
  await user.open("/admin/servers");
  await user.see("of-the-first");
}

runTasks({
  name: "organizations and operations",
  async prepare(stage) {
    tinies = await startTinyServers();
    stage.atEnd(() => tinies.close());
    const { url } = tinies.add("of-the-first", { tools: ["read"] });
    const id = await stage.tenant.addServer({ name: "of-the-first", url });
    await stage.rest("POST", `/servers/${id}/discover`);
  },
  tasks: [
    {
      number: 12,
      name: "plan maintenance, announce it, add a feature flag, try retention",
      maxClicks: 14,
      by: ["admin"],
      refused: { at: "/admin/servers/maintenance", entry: "Organization" },
      steps: planOperations,
    },
    {
      number: 14,
      name: "connect an OAuth client, see it, disconnect it",
      maxClicks: 5,
      by: ["admin", "user", "readonly"],
      steps: connectApplication,
    },
    {
      number: 15,
      name: "create a second organization and switch, with nothing seen of the other",
      maxClicks: 7,
      maxClicksWithoutScript: 8,
      by: ["operator"],
      refused: { at: "/admin/system", entry: "System" },
      steps: addOrganization,
    },
  ],
});
