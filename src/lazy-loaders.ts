/**
 * Loaders of what the MCP path needs only sometimes: each imports its modules and creates its object at the first call. What
 * is cached is the object and not a promise, because a request cannot wait for a promise of another request.
 */
import type { AccountsDeps } from "./connected-accounts/create-accounts.ts";
import type { AccountCredentials } from "./connected-accounts/resolve-credential.ts";
import type { QueryStatistics } from "./db/statistics.ts";
import type { Config } from "./env.ts";
import type { GatewayStorage, KeptSnapshots } from "./gateway-storage.ts";
import type { AccessTokens } from "./identity/oauth/access-tokens.ts";
import type { TraceExporter } from "./logs/trace-exporter.ts";

/** The credentials of connected accounts, for servers where members act with their own. */
export function createAccountsLoader(
  deps: Omit<AccountsDeps, "database" | "now">,
  loadStorage: LoadStorage,
): () => Promise<AccountCredentials> {
  let accounts: AccountCredentials | undefined;
  return async () => {
    if (accounts === undefined) {
      const { createAccountCredentials } = await import("./connected-accounts/create-accounts.ts");
      const { database } = await loadStorage();
      accounts ??= createAccountCredentials({ ...deps, database, now: Date.now });
    }
    return accounts;
  };
}

export type LoadStorage = () => Promise<GatewayStorage>;
export type LoadAccessTokens = () => Promise<AccessTokens>;

const sleep = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

export function createStorageLoader(
  config: Config,
  statistics: QueryStatistics,
  snapshots: KeptSnapshots,
): LoadStorage {
  let storage: GatewayStorage | undefined;
  return async () => {
    if (storage === undefined) {
      const { createGatewayStorage } = await import("./gateway-storage.ts");
      const deps = { statistics, now: Date.now, random: Math.random, sleep };
      storage ??= createGatewayStorage(config.database, deps, snapshots);
    }
    return storage;
  };
}

export function createAccessTokensLoader(config: Config, loadStorage: LoadStorage): LoadAccessTokens {
  let accessTokens: AccessTokens | undefined;
  return async () => {
    if (accessTokens === undefined) {
      const { createAccessTokens } = await import("./identity/oauth/access-tokens.ts");
      const { database } = await loadStorage();
      accessTokens ??= createAccessTokens(database, config, Date.now);
    }
    return accessTokens;
  };
}

/** Loads the exporter of traces with the first trace. */
export function createTraceLoader(load: () => Promise<TraceExporter>): TraceExporter {
  let exporter: TraceExporter | undefined;
  return {
    send(spans, tracing, background) {
      if (exporter !== undefined) return exporter.send(spans, tracing, background);
      const sendFirst = async () => {
        const created = await load();
        exporter ??= created;
        exporter.send(spans, tracing, background);
      };
      background(sendFirst());
    },
  };
}
