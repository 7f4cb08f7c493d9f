/** Renews what an account's object is for: the tokens of a member, an exchanged token, or the gateway's own for a server. */
import { usesAccounts } from "../core/enums.ts";
import type { Keyring } from "../core/keyring.ts";
import type { WaitUntil } from "../core/tenant-cache.ts";
import type { Database } from "../db/client.ts";
import type { UpstreamDeps } from "../upstream/connection/channel.ts";
import { renewAccount } from "./renew-account.ts";
import { renewServerToken, type ServerTokenDeps } from "./renew-server-token.ts";
import type { RenewedAccount, RenewRequest } from "./resolve-credential.ts";

export interface RenewalServices {
  readonly keyring: Keyring;
  readonly upstream: UpstreamDeps;
  readonly loadStorage: () => Promise<{ readonly database: Database }>;
  readonly loadAccounts: () => Promise<{ readonly identity: ServerTokenDeps["identity"] }>;
}

/** The state of the object that it runs in. */
interface RenewingObject {
  readonly storage: { readonly kv: KeyValueStore };
  waitUntil(work: Promise<unknown>): void;
}

interface KeyValueStore {
  get(key: string): unknown;
  put(key: string, value: unknown): void;
  delete(key: string): unknown;
}

const UNSAVED = "unsaved";
const SERVER_TOKEN = "server-token";

export async function renew(
  { keyring, upstream, loadStorage, loadAccounts }: RenewalServices,
  object: RenewingObject,
  request: RenewRequest,
): Promise<RenewedAccount> {
  const now = Date.now;
  const { kv } = object.storage;
  const waitUntil: WaitUntil = (work) => object.waitUntil(work);
  if (!usesAccounts(request.server.auth.type)) {
    const store = {
      get: () => kv.get(SERVER_TOKEN),
      set: (sealed: string) => kv.put(SERVER_TOKEN, sealed),
    };
    const { identity } = await loadAccounts();
    return renewServerToken({ keyring, upstream, identity, store, now }, request, waitUntil);
  }
  const { database } = await loadStorage();
  const store = {
    get: () => kv.get(UNSAVED),
    set: (unsaved: object) => kv.put(UNSAVED, unsaved),
    delete: () => void kv.delete(UNSAVED),
  };
  return renewAccount({ database, keyring, upstream, store, now }, request);
}
