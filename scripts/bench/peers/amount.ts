// How many requests make a round.

/** A round takes about so long, however fast the side is. */
const ROUND_SECONDS = 2;
const MOST = 20_000;

/** Never so few that a connection has nothing to do. */
export const amountFor = (perSecond: number, connections: number) =>
  Math.max(2 * connections, Math.min(MOST, Math.round(perSecond * ROUND_SECONDS)));
