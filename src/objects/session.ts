/** A legacy client's session. */
import { DurableObject } from "cloudflare:workers";

export class SessionObject extends DurableObject<Env> {}
