/** A principal's sessions with one legacy server, for clients of the modern era, who have none. */
import { DurableObject } from "cloudflare:workers";

export class BridgeObject extends DurableObject<Env> {}
