/** Identifies callers to servers: signs a token about the caller for each call, from the isolate's data of the caller. */
import {
  buildIdentityClaims,
  type CallFacts,
  GATEWAY_SUBJECT,
  type SubjectFacts,
  toIdentityIssuer,
} from "../core/identity-token/claims.ts";
import { type Epochs, TenantCache, type WaitUntil } from "../core/tenant-cache.ts";
import { findSubjectFacts } from "../db/queries/accounts/subject-facts.ts";
import { type IdentityKeysDeps, IdentitySigner } from "./identity-keys.ts";

export interface IdentityTokensDeps extends IdentityKeysDeps {
  readonly epochs: Epochs;
  /** The origin of the issuers. */
  readonly publicUrl: string;
}

export interface TokenSubject {
  readonly tenantId: string;
  /** A user, a key without a user, or the gateway itself. */
  readonly subject: string;
  readonly audience: string;
  readonly call?: CallFacts;
}

const MAX_SUBJECTS = 10_000;
/** No user has it, and no row is loaded for it. */
const KEY_SUBJECT = /^(?:key|legacy|anonymous):/;

export class IdentityTokens {
  readonly #deps: IdentityTokensDeps;
  readonly #signer: IdentitySigner;
  readonly #facts: TenantCache<SubjectFacts | undefined>;

  constructor(deps: IdentityTokensDeps) {
    this.#deps = deps;
    this.#signer = new IdentitySigner(deps);
    this.#facts = new TenantCache(deps.epochs, { now: deps.now, limit: MAX_SUBJECTS });
  }

  async sign(
    { tenantId, subject, audience, call = {} }: TokenSubject,
    waitUntil: WaitUntil,
  ): Promise<string> {
    const { publicUrl, now } = this.#deps;
    const facts = await this.findFacts(tenantId, subject, waitUntil);
    return this.#signer.sign(
      buildIdentityClaims({
        ...{ issuer: toIdentityIssuer(publicUrl, tenantId), audience, tenantId, subject, facts, call },
        ...{ tokenId: crypto.randomUUID(), now: now() },
      }),
    );
  }

  async findFacts(
    tenantId: string,
    subject: string,
    waitUntil: WaitUntil,
  ): Promise<SubjectFacts | undefined> {
    if (subject === GATEWAY_SUBJECT || KEY_SUBJECT.test(subject)) return undefined;
    const load = async () => {
      const [value] = await findSubjectFacts(this.#deps.database.asSystem(), tenantId, subject);
      return { value, tenantId };
    };
    return this.#facts.get(`${tenantId} ${subject}`, load, waitUntil, tenantId);
  }
}
