/** The REST API beside its own description: unknown parameters, other methods, parts of objects, other formats. */
import { Validator } from "@cfworker/json-schema";
import { beforeAll, describe, expect, it } from "vitest";
import { parse } from "yaml";
import { operations, responseOf, schemaIn } from "./description.ts";
import { addTenant, call, type TestTenant } from "./support.ts";

let tenant: TestTenant;
let key: string;
let serverId: string;
beforeAll(async () => {
  tenant = await addTenant("document");
  key = (await tenant.addKey()).text;
  serverId = await tenant.addServer("files");
});

function faultsIn(id: string, type: string, body: unknown): string[] {
  const response = responseOf(operations.find((operation) => operation.id === id)?.responses["200"]);
  const schema = response.content[type].schema;
  return new Validator(schemaIn(schema), "2020-12", false).validate(body).errors.map(({ error }) => error);
}

describe("a query parameter that is not known", () => {
  it.each([
    ["GET", "/servers?colour=red", "colour"],
    ["GET", "/me?verbose=1", "verbose"],
    ["DELETE", `/servers/${crypto.randomUUID()}?force=true`, "force"],
    ["GET", "/audit-logs?userID=x", "userID"],
  ])("is refused by %s %s", async (method, path, name) => {
    const answer = await call(method, path, { key });
    expect(answer).toMatchObject({ status: 400, body: { errors: [{ path: name }] } });
    expect(answer.body.errors[0].message).toMatch(
      /^is not a supported parameter; (?:none are supported|supported: )/,
    );
  });

  it("does not reveal to anonymous requests which routes exist", async () => {
    expect((await call("GET", "/servers?colour=red")).status).toBe(401);
  });
});

describe("a method that an address does not take", () => {
  it.each([
    ["PUT", "/servers", "GET, HEAD, POST"],
    ["POST", "/audit-logs", "GET, HEAD"],
    ["PUT", `/servers/${crypto.randomUUID()}`, "GET, HEAD, PATCH, DELETE"],
  ])("%s %s is answered 405 with those it takes", async (method, path, allow) => {
    const answer = await call(method, path, { key, json: {} });
    expect(answer).toMatchObject({ status: 405, body: { code: "method_not_allowed" } });
    expect(answer.headers.get("allow")).toBe(allow);
  });

  it("is 404 where there is no address", async () => {
    expect((await call("PUT", "/nothing-here", { key })).status).toBe(404);
  });
});

describe("a part of an object", () => {
  it.each([
    ["getServers", "/servers?fields=id,name"],
    ["getServersById", `/servers/:id?fields=name`],
    ["getFeatureFlags", "/feature-flags?fields=key"],
  ])("is as described: %s", async (id, path) => {
    await call("POST", "/feature-flags", { key, json: { key: "part", name: "Part" } });
    const answer = await call("GET", path.replace(":id", serverId), { key });
    expect(answer.status).toBe(200);
    expect(faultsIn(id, "application/json", answer.body)).toEqual([]);
  });
});

it("exports a configuration in YAML that its schema accepts", async () => {
  const answer = await call("GET", "/configuration?format=yaml", { key });
  expect(answer.headers.get("content-type")).toContain("application/yaml");
  expect(faultsIn("getConfiguration", "application/yaml", parse(answer.body))).toEqual([]);
});

it("declares 413 wherever a body can be sent", () => {
  const without = operations.filter(({ method, responses }) => method !== "GET" && !("413" in responses));
  expect(without.map(({ id }) => id)).toEqual([]);
});

describe("registering a server", () => {
  it("names every fault at once: members, credential and address", async () => {
    const json = { name: "no spaces", endpointUrl: "ftp://x.example.com", weight: -1, colour: "red" };
    const answer = await call("POST", "/servers", { key, json });
    expect(answer.status).toBe(400);
    const paths = answer.body.errors.map(({ path }: { path: string }) => path);
    expect(paths).toEqual(expect.arrayContaining(["", "/name", "/weight", "/endpointUrl"]));
  });

  it("records the kind of a credential before and after, and nothing of the credential", async () => {
    const own = await addTenant("credentials");
    const { text } = await own.addKey();
    const json = { name: "files", endpointUrl: "https://files.example.com/mcp", discover: false };
    const { body } = await call("POST", "/servers", { key: text, json });
    const auth = { type: "bearer", token: "a very secret token", reference: "FILES_TOKEN" };
    expect((await call("PATCH", `/servers/${body.id}`, { key: text, json: { auth } })).status).toBe(200);
    const [created, changed] = await own.audit();
    expect(created).toMatchObject({ action: "servers.create", after: { authType: "none" } });
    expect(changed).toMatchObject({
      action: "servers.update",
      before: { authType: "none" },
      after: { authType: "bearer", authReference: "FILES_TOKEN" },
    });
    expect(JSON.stringify([created, changed])).not.toContain("secret token");
  });
});
