/** Every operation with what its schema allows and what it does not: every response is one that is described. */
import { beforeAll, describe, it } from "vitest";
import { runs } from "../support/runs.ts";
import { description, operations } from "./description.ts";
import { type FuzzRequest, fuzzOperation, ODD_IDS } from "./fuzz-operation.ts";
import { addTenant, call } from "./support.ts";

const RUNS = 20;

let key: string;
let operator: Record<string, string>;
let ids: string[] = [];

beforeAll(async () => {
  const tenant = await addTenant("fuzz");
  key = (await tenant.addKey()).text;
  operator = await tenant.addOperator();
  ids = [await tenant.addServer("files"), await tenant.addUser("user"), crypto.randomUUID(), ...ODD_IDS];
});

/** What holds for the whole system would hold for other tests too: fuzz-system.node.test.ts has a database for it. */
const fuzzed = operations.filter(({ action }) => action !== "system.write");

describe.each(fuzzed)("$method $path", (operation) => {
  it("answers everything", async () => {
    const isSystem = /^(?:tenants|system)\./.test(operation.action);
    const send = ({ method, path, headers, json }: FuzzRequest) =>
      call(method, path, {
        ...(isSystem ? { headers: { ...headers, ...operator } } : { headers, key }),
        ...(json !== undefined && { json }),
      });
    await fuzzOperation(operation, { description, ids, send }, runs(RUNS));
  });
});
