/** Registering a server: first it is reached and shown what it is, and only then saved. */
import { Hono } from "hono";
import { z } from "zod";
import { TRANSPORTS } from "../../core/enums.ts";
import { toFormOutcome } from "../crud/crud-pages.tsx";
import type { FormOutcome } from "../crud/pages.tsx";
import { type FieldSpec, initialValues, readFields, readTyped, type Typed } from "../forms/fields.ts";
import { Form, loadOptions } from "../forms/form.tsx";
import { FormPreview } from "../forms/preview.tsx";
import { setFlash } from "../http/flash.ts";
import type { AdminContext, AdminEnv } from "../http/page-env.ts";
import { requirePagePermission } from "../http/require-permission.ts";
import { openCookie, sealCookie } from "../http/sealed-cookie.ts";
import { Badge, Details } from "../ui/components.tsx";
import { buildFrame } from "../ui/frame.ts";
import { Page } from "../ui/layout.tsx";
import { credentialFields, pickSecrets, readCredential, withSecrets } from "./credentials.ts";
import { NamePreview, nameChanges } from "./name-preview.tsx";
import { type Found, found, probed } from "./probe-shapes.ts";
import { serverPath } from "./server.ts";

const HOME = "/admin/servers";

const addressFields: readonly FieldSpec[] = [
  {
    name: "endpointUrl",
    label: "URL",
    kind: "text",
    placeholder: "https://weather.example.com/mcp",
    hint: "HTTPS URL, or wss:// for WebSocket.",
  },
  {
    name: "transportType",
    label: "Transport",
    kind: "choice",
    initial: "http",
    options: [
      { value: "http", label: "Streamable HTTP" },
      { value: "sse", label: "HTTP with SSE (2024-11-05)" },
      { value: "websocket", label: "WebSocket" },
    ],
  },
  ...credentialFields,
];

const nameFields: readonly FieldSpec[] = [
  {
    name: "name",
    label: "Name",
    kind: "text",
    maxlength: 100,
    hint: "Used in the endpoint path /mcp/{name}. Letters, digits, dots, hyphens, underscores.",
  },
  {
    name: "title",
    label: "Title",
    kind: "text",
    optional: true,
    maxlength: 200,
    hint: "Display name.",
  },
  { name: "description", label: "Description", kind: "long", optional: true },
  { name: "tags", label: "Tags", kind: "lines", optional: true, hint: "One per line." },
];

const again: FieldSpec = {
  name: "evenIfRegistered",
  label: "Allow duplicate URL",
  kind: "yes",
  hint: "For example, for a second credential.",
};

/** The address that was reached, its secret with it, and what was seen there. */
const draft = z.object({
  address: z.object({
    endpointUrl: z.string(),
    transportType: z.enum(TRANSPORTS),
    auth: z.record(z.string(), z.unknown()),
  }),
  found,
});
type Draft = z.infer<typeof draft>;

const secrets = z.record(z.string(), z.string());

async function addressPage(c: AdminContext, outcome: FormOutcome, status: 200 | 422 = 200) {
  return c.html(
    <Page
      title="Register a server"
      frame={buildFrame(c)}
      intro="The gateway connects to the server and shows its capabilities before you save."
    >
      <Form
        action={`${HOME}/new`}
        token={c.get("formToken")}
        fields={addressFields}
        typed={outcome.typed}
        options={await loadOptions(addressFields, c.get("rest"))}
        faults={outcome.faults}
        message={outcome.message}
        hidden={{ secrets: await sealCookie(c, "secrets", pickSecrets(outcome.typed)) }}
        keepsSecrets
        submit="Test connection"
        busy="Connecting…"
        cancel={HOME}
      />
    </Page>,
    status,
  );
}

interface NamePage {
  readonly draft: Draft;
  readonly outcome: FormOutcome;
  readonly once: string;
  readonly isRegistered?: boolean;
}

async function namePage(c: AdminContext, page: NamePage, status: 200 | 422 = 200) {
  const { draft: held, outcome, once, isRegistered = false } = page;
  const fields = isRegistered ? [...nameFields, again] : nameFields;
  return c.html(
    <Page title="Connection result" frame={buildFrame(c)}>
      <Summary found={held.found} address={held.address.endpointUrl} />
      <Form
        action={`${HOME}/register`}
        token={c.get("formToken")}
        fields={fields}
        typed={outcome.typed}
        options={new Map()}
        faults={outcome.faults}
        message={outcome.message}
        hidden={{ draft: await sealCookie(c, "server", held), once }}
        submit="Register server"
        cancel={`${HOME}/new`}
      >
        <FormPreview path={`${HOME}/new/names`} />
      </Form>
    </Page>,
    status,
  );
}

function Summary({
  found: { server, protocolVersion, offers, capabilities, durationMs },
  address,
}: {
  found: Found;
  address: string;
}) {
  return (
    <section class="card wide" aria-label="Connection result">
      <p>
        <Badge tone="good">reachable</Badge>{" "}
        <span class="quiet-text">Responded in {Math.round(durationMs)} ms</span>
      </p>
      <Details
        of={[
          ["URL", <code>{address}</code>],
          ["Server name", [server.name, server.version].filter((part) => part !== null).join(" ") || "none"],
          ["Protocol", protocolVersion || "unknown until a member connects an account"],
          [
            "Inventory",
            `${offers.tools} tools, ${offers.resources} resources, ${offers.templates} templates, ${offers.prompts} prompts`,
          ],
          ["Capabilities", capabilities.join(", ") || "none"],
        ]}
      />
    </section>
  );
}

/** What it calls itself, made fit for an address. */
const suggested = (name: string | null) =>
  (name ?? "")
    .slice(0, 200)
    .replace(/[^A-Za-z0-9_.-]+/g, "-")
    .replace(/^[^A-Za-z0-9]+|-+$/g, "")
    .toLowerCase()
    .slice(0, 100);

const namesFor = (name: string | null): Typed => ({ ...initialValues(nameFields), name: [suggested(name)] });

export const registerServer = new Hono<AdminEnv>()
  .get(`${HOME}/new`, requirePagePermission("servers.create"), (c) =>
    addressPage(c, { typed: initialValues(addressFields) }),
  )
  .post(`${HOME}/new`, requirePagePermission("servers.create"), async (c) => {
    const kept = await openCookie(c, "secrets", secrets, c.get("form").secrets ?? "");
    const typed = withSecrets(readTyped(addressFields, c.get("posted")), kept ?? {});
    const auth = readCredential(typed);
    const [endpointUrl = ""] = typed.endpointUrl ?? [];
    const [transport] = typed.transportType ?? [];
    const transportType = TRANSPORTS.find((known) => known === transport) ?? "http";
    const address = { endpointUrl: endpointUrl.trim(), transportType, auth };
    const sent = await c.get("rest").send("POST", "/servers/probe", { json: address });
    if (!sent.ok) return addressPage(c, toFormOutcome(sent.refusal, typed), 422);
    const seen = probed.parse(sent.value);
    if (!seen.reachable) return addressPage(c, { typed, message: seen.message }, 422);
    const outcome = { typed: namesFor(seen.server.name) };
    return namePage(c, { draft: { address, found: seen }, outcome, once: crypto.randomUUID() });
  })
  .post(`${HOME}/new/names`, requirePagePermission("servers.create"), async (c) => {
    const held = await openCookie(c, "server", draft, c.get("form").draft ?? "");
    const name = c.get("form").name?.trim() ?? "";
    const json = { name, tools: held?.found.tools ?? [] };
    const sent =
      name === "" ? undefined : await c.get("rest").send("POST", "/servers/name-preview", { json });
    return c.html(
      <Page title="Tool names" frame={buildFrame(c)}>
        <NamePreview changes={sent?.ok === true ? nameChanges.parse(sent.value) : undefined} />
      </Page>,
    );
  })
  .post(`${HOME}/register`, requirePagePermission("servers.create"), async (c) => {
    const { draft: sealed = "", once = "" } = c.get("form");
    const held = await openCookie(c, "server", draft, sealed);
    if (held === undefined) return c.redirect(`${HOME}/new`, 303);
    const fields = [...nameFields, again];
    const typed = readTyped(fields, c.get("posted"));
    const { body, faults } = readFields(fields, typed);
    const isRegistered = c.get("posted").has("evenIfRegistered");
    if (faults.length > 0) {
      return namePage(c, { draft: held, outcome: { typed, faults }, once, isRegistered }, 422);
    }
    const sent = await c.get("rest").send("POST", "/servers", { json: { ...body, ...held.address }, once });
    if (!sent.ok) {
      const outcome = toFormOutcome(sent.refusal, typed);
      return namePage(c, { draft: held, outcome, once, isRegistered: sent.refusal.code === "conflict" }, 422);
    }
    const { id, name } = z.object({ id: z.string(), name: z.string() }).parse(sent.value);
    await setFlash(c, { says: `Server ${name} registered. Capability discovery is running.` });
    return c.redirect(serverPath(id), 303);
  });
