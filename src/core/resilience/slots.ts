/**
 * Concurrency slots: the messages between an isolate and the tenant's object that keep `max_concurrency` of a server
 * across isolates. One slot is the right to run one call at a time. The design is described in docs/design/limits.md.
 */

/** A grant ends this long after its request was sent, unless it is renewed. */
export const SLOT_TTL_MS = 2000;
/** From this capacity on, an isolate runs a sixteenth of it without a request to the tenant's object. */
export const MIN_SHARED_CAPACITY = 16;
const UNGRANTED_PARTS = 16;

/** The calls that an isolate may run at once without a grant. */
export function ungrantedSlots(capacity: number): number {
  return capacity < MIN_SHARED_CAPACITY ? 0 : Math.floor(capacity / UNGRANTED_PARTS);
}

/** The queue of one server in one isolate. */
export interface QueueLoad {
  readonly waiting: number;
  readonly oldestWaitMs: number;
  /** Since the isolate's queue was created: calls that had to wait, and calls that were rejected. */
  readonly queued: number;
  readonly rejected: number;
}

export interface SlotRequest {
  readonly serverId: string;
  /** The sender: one server's queue in one isolate. */
  readonly holderId: string;
  /** Increases with each request of a holder, so that a request that was overtaken by a later one has no effect. */
  readonly sequence: number;
  /** The server's `max_concurrency`, in the sender's snapshot. */
  readonly capacity: number;
  /** Calls that are running: each is counted, whatever was granted. */
  readonly running: number;
  /** Slots of an earlier grant that the sender goes on using; fewer than `running` where that grant has ended. */
  readonly keep: number;
  /** Slots that it could use, at least `running` and `keep`. Fewer than were granted earlier: the others are returned. */
  readonly wanted: number;
  /** The sender's queue in front of the server, for admins. */
  readonly queue?: QueueLoad;
}

export interface SlotReply {
  /** Slots that the sender holds from now on, at least `running`. */
  readonly held: number;
  /** Other isolates wait for slots of this server, or more are in use than there are. */
  readonly isContended: boolean;
  /** When to request again what was not granted; 0 where all was. */
  readonly retryMs: number;
}
