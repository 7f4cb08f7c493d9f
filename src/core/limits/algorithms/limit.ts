/** A rate limit, and the settlement of tokens that were leased from it. */

export interface Limit {
  /** The policy name in the RateLimit-Policy header. */
  readonly name: string;
  /** Identifies the bucket: the subject and the window. */
  readonly key: string;
  readonly count: number;
  readonly windowMs: number;
  /** The number of slots of the sliding window. Default: 60. */
  readonly slots?: number;
  /** The multiple of `count` that a subject may spend in one window after idle time; the long-term rate stays `count`. */
  readonly burst: number;
  /**
   * The end of a calendar period, in milliseconds since 1970: what was spent counts until then, and the next period has a
   * key of its own. Undefined: the window slides.
   */
  readonly resetsAt?: number;
  /** Percentages of `count` whose crossing is reported. */
  readonly alertAt?: readonly number[];
}

/** Tokens spent `ageMs` ago; a negative age means that they can still be spent for that long. */
export interface LeaseUsage {
  readonly ageMs: number;
  readonly count: number;
}

export interface LeaseSettlement {
  readonly leaseId: string;
  readonly limit: Limit;
  /** What was spent of the tokens granted ahead. */
  readonly uses: readonly LeaseUsage[];
  /** True if the response with the grant never arrived, so that the waiting request was not admitted by it either. */
  readonly isLost: boolean;
}
