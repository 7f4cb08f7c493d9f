// Secrets of the development environment: made once, kept, so that sessions and encrypted credentials survive
// a restart.
import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { readJsonFile, writeJsonFile } from "../lib/json-file.ts";

export type DevSecrets = { runtimePassword: string; authSecret: string; encryptionKeys: string };

export function devSecrets(devDir: string): DevSecrets {
  const file = join(devDir, "secrets.json");
  const known = readJsonFile(file);
  const secrets = {
    runtimePassword: known.runtimePassword ?? randomBytes(24).toString("base64url"),
    authSecret: known.authSecret ?? randomBytes(32).toString("base64url"),
    encryptionKeys: known.encryptionKeys ?? `k1:${randomBytes(32).toString("base64")}`,
  };
  writeJsonFile(file, secrets);
  return secrets;
}
