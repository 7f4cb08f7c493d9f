/** Tasks 1 to 5: the first day of an admin and of those who are invited. */
import { Client, StreamableHTTPClientTransport } from "@modelcontextprotocol/client";
import { expect } from "vitest";
import { startExamples } from "../../../scripts/examples/start.ts";
import { nextTotp, PASSWORD } from "../../fixtures/people.ts";
import { runTasks, type TaskContext } from "../../fixtures/tasks.ts";
import { startTinyServers, type TinyServers } from "../../fixtures/tiny-servers.ts";

let tinies: TinyServers;

/** A member of their own, since the others stay signed in. */
async function secureAccount({ user, stage, visitor }: TaskContext): Promise<void> {
  const role = visitor === "operator" ? "admin" : visitor;
  const person = await stage.people.add({ tenants: [{ id: stage.tenant.id, role }] });
  const password = `${PASSWORD}, changed`;
  await user.page.context().clearCookies();
  await user.open("/admin");
  await user.arrive("Sign in");
  await user.fill("Email or username", person.email);
  await user.fill("Password", person.password);
  await user.click("Sign in");
  await user.arrive("Overview");

  await user.click("Your account");
  await user.click("Account");
  await user.click("Change password");
  await user.arrive("Change password");
  await user.fill("Current password", person.password);
  await user.fill(/^New password/, password);
  await user.click(/^Change password/);
  await user.see("Password changed");

  await user.click(/^Two-factor authentication/);
  await user.arrive("Two-factor authentication");
  await user.fill(/^Your password/, password);
  await user.click("Enable");
  await user.arrive("Set up two-factor authentication");
  const secret = /\b[A-Z2-7]{32,}\b/.exec(await user.read({ role: "main", name: "" }))?.[0] ?? "";
  await user.fill("Authentication code", await nextTotp(secret));
  await user.check("I have stored the backup codes");
  await user.click("Confirm");
  await user.see("Two-factor authentication is on.");

  await user.click("Your account");
  await user.click("Sign out");
  await user.arrive("Sign in");
  await user.fill("Email or username", person.email);
  await user.fill("Password", password);
  await user.click("Sign in");
  await user.fill(/code/i, await nextTotp(secret));
  await user.click(/^(?:Verify|Sign in|Continue)/);
  await user.arrive("Overview");
}

async function registerServer({ user, tag }: TaskContext): Promise<void> {
  const name = `weather-${tag}`;
  const tiny = tinies.add(name, { tools: ["forecast"] });
  await user.open("/admin");
  await user.arrive("Overview");
  await user.go("Servers");
  await user.arrive("Servers");
  await user.click("Register a server");
  await user.arrive("Register a server");
  await user.fill("URL", tiny.url.replace(name, "wrong"));
  await user.choose("Authentication", "Bearer token");
  await user.fill(/^Token(?! URL)/, "secret-of-the-server");
  await user.click("Test connection");
  await user.see(/closed the connection|unreachable/);
  await user.arrive("Register a server");
  await user.fill("URL", tiny.url);
  await user.click("Test connection");
  await user.arrive("Connection result");
  await user.see("reachable");
  await user.fill("Name", name);
  await user.click("Register server");
  await user.see(`Server ${name} registered.`);
  await user.arrive(name);
}

/** The tool requests a time zone: declined, it fails; answered, it returns the time there. */
async function callTool({ user }: TaskContext): Promise<void> {
  await user.open("/admin");
  await user.find("time_for_me", /time_for_me/);
  await user.arrive("Local time");
  await user.click("Run tool");
  await user.see("Which time zone are you in?");
  await user.choose(/^Answer/, "Decline");
  await user.click("Continue");
  await user.see("A time zone is required.");
  await user.see("Tool error");
  await user.arrive("Local time");
  await user.click("Run tool");
  await user.choose(/^Time zone/, "Asia/Tokyo");
  await user.click("Continue");
  await user.see(/"zone": "Asia\/Tokyo"/);
  await user.arrive("Local time");
}

async function connectClient({ user, stage }: TaskContext): Promise<void> {
  await user.open("/admin");
  await user.go("Connect");
  await user.arrive("Connect");
  await user.click("Create key and insert");
  await user.see("The key is shown only once.");
  await user.arrive("Connect");
  const printed = await user.read({ role: "main", name: "" });
  const url = /'(http\S+\/mcp)'/.exec(printed)?.[1] ?? "";
  const authorization = /Authorization: (Bearer mcp_[\w-]+)/.exec(printed)?.[1] ?? "";
  expect(url).toBe(`${stage.gateway.url}/mcp`);
  const client = new Client({ name: "printed", version: "1.0.0" }, { versionNegotiation: { mode: "auto" } });
  await client.connect(
    new StreamableHTTPClientTransport(new URL(url), { requestInit: { headers: { authorization } } }),
  );
  const { tools } = await client.listTools();
  expect(tools.map(({ name }) => name)).toContain("current_time");
  await client.close();
}

async function inviteMembers({ user, stage, tag }: TaskContext): Promise<void> {
  const [writer, reader] = [`writer-${tag}@example.com`, `reader-${tag}@example.com`];
  await user.open("/admin");
  await user.go("Members");
  await user.arrive("Members");
  await user.click("Invite member");
  await user.arrive("Invite members");
  await user.fill(/^Emails/, writer);
  await user.click("Send invitations");
  await user.see(`Invitation sent to ${writer}.`);
  await user.arrive("Invitations");
  await user.click("Invite members");
  await user.fill(/^Emails/, reader);
  await user.choose("Role", "Read-only: Views only");
  await user.click("Send invitations");
  await user.see(`Invitation sent to ${reader}.`);
  for (const email of [writer, reader]) {
    const { link } = await stage.people.mailTo(email);
    await user.page.context().clearCookies();
    await user.open(link);
    await user.arrive(/^Join /);
    await user.fill("Your name", "Invited");
    await user.fill(/^Password/, PASSWORD);
    await user.click("Create account and join");
    await user.arrive("Overview");
  }
}

const EVERY_ROLE = ["admin", "user", "readonly"] as const;

runTasks({
  name: "the first day",
  async prepare(stage) {
    tinies = await startTinyServers();
    stage.atEnd(() => tinies.close());
    const examples = await startExamples();
    stage.atEnd(() => examples.close());
    for (const { name, url } of examples.servers) {
      const id = await stage.tenant.addServer({ name, url });
      await stage.rest("POST", `/servers/${id}/discover`);
    }
  },
  tasks: [
    {
      number: 1,
      name: "sign in, change the password, turn on two-factor authentication, sign in with it",
      maxClicks: 14,
      by: EVERY_ROLE,
      steps: secureAccount,
    },
    {
      number: 2,
      name: "register a server with a bearer token, after a wrong URL",
      maxClicks: 9,
      by: ["admin"],
      refused: { at: "/admin/servers/new" },
      steps: registerServer,
    },
    {
      number: 3,
      name: "find a tool and run it, with an error and an elicitation",
      maxClicks: 4,
      maxClicksWithoutScript: 7,
      by: EVERY_ROLE,
      steps: callTool,
    },
    {
      number: 4,
      name: "create a key and connect a client with it",
      maxClicks: 3,
      by: ["admin", "user"],
      steps: connectClient,
    },
    {
      number: 5,
      name: "invite two members, one read-only, who sign in",
      maxClicks: 6 + 2 * 2,
      by: ["admin"],
      refused: { at: "/admin/members/invitations/new", entry: "Members" },
      steps: inviteMembers,
    },
  ],
});
