/** The stdio servers of a tenant that have connectors: a change of the tenant's configuration may end their right. */

const CONNECTED = "connected server ";

/** Closes the server's connectors that are no longer allowed, and returns whether any is left. */
export type RecheckConnectors = (serverId: string) => Promise<boolean>;

export class TenantConnectors {
  readonly #kv: SyncKvStorage;
  readonly #recheck: RecheckConnectors;
  #isChecking = false;
  #isChangedSince = false;

  constructor(kv: SyncKvStorage, recheck: RecheckConnectors) {
    this.#kv = kv;
    this.#recheck = recheck;
  }

  add(serverId: string): void {
    const key = CONNECTED + serverId;
    this.#kv.put(key, (this.#kv.get<number>(key) ?? 0) + 1);
  }

  /** Changes during a check share the next one. */
  async check(): Promise<void> {
    this.#isChangedSince = true;
    if (this.#isChecking) return;
    this.#isChecking = true;
    try {
      while (this.#isChangedSince) {
        this.#isChangedSince = false;
        await Promise.all([...this.#kv.list({ prefix: CONNECTED })].map(([key]) => this.#checkServer(key)));
      }
    } finally {
      this.#isChecking = false;
    }
  }

  async #checkServer(key: string): Promise<void> {
    const connections = this.#kv.get<number>(key);
    // An object that cannot be reached checks its connectors once a minute itself.
    const isConnected = await this.#recheck(key.slice(CONNECTED.length)).catch(() => true);
    // A connector may have come while the others were checked.
    if (!isConnected && this.#kv.get<number>(key) === connections) this.#kv.delete(key);
  }
}
