/**
 * The object of one member's account at one server: it keeps a consent until the browser comes back, and renews the access
 * token once at a time. The gateway's own token for a server has an object as well, and so has one that a caller's identity was
 * exchanged for. The code is loaded with the first
 * work: most gateways have no such accounts.
 */
import { DurableObject } from "cloudflare:workers";
import type { RenewedAccount, RenewRequest } from "../connected-accounts/resolve-credential.ts";
import { getGatewayServices } from "../gateway-services.ts";

interface Pending {
  readonly nonce: string;
  readonly sealed: string;
  readonly expiresAt: number;
}

const PENDING = "pending";
/** A member with more tabs than this completes the newest consents. */
const MAX_PENDING = 5;

export class AccountObject extends DurableObject<Env> {
  #renewal: Promise<RenewedAccount> | undefined;

  /** What is kept is sealed: it holds the proof key and may hold a client's secret. */
  async savePending(nonce: string, sealed: string, expiresAt: number): Promise<void> {
    const others = this.#readPending().slice(1 - MAX_PENDING);
    this.ctx.storage.kv.put(PENDING, [...others, { nonce, sealed, expiresAt }]);
    await this.ctx.storage.setAlarm(expiresAt);
  }

  async takePending(nonce: string): Promise<string | undefined> {
    const all = this.#readPending();
    const found = all.find((one) => one.nonce === nonce);
    if (found !== undefined) {
      this.ctx.storage.kv.put(
        PENDING,
        all.filter((one) => one !== found),
      );
    }
    return found?.sealed;
  }

  /** Callers that come while a renewal is under way get its outcome. */
  async renew(request: RenewRequest): Promise<RenewedAccount> {
    this.#renewal ??= this.#renew(request).finally(() => {
      this.#renewal = undefined;
    });
    return this.#renewal;
  }

  async #renew(request: RenewRequest): Promise<RenewedAccount> {
    const { renew } = await import("../connected-accounts/renew.ts");
    return renew(getGatewayServices(this.env), this.ctx, request);
  }

  #readPending(): readonly Pending[] {
    const now = Date.now();
    return (this.ctx.storage.kv.get<readonly Pending[]>(PENDING) ?? []).filter(
      ({ expiresAt }) => expiresAt > now,
    );
  }

  /** The last consent has expired. */
  override async alarm(): Promise<void> {
    if (this.#readPending().length === 0) this.ctx.storage.kv.delete(PENDING);
  }
}
