/**
 * The limits on everything that a peer can make large, deep, long, slow or many: one table for both directions.
 * A reader of outside input takes its limit from here, so that docs/SECURITY.md and the tests can list them all.
 */
import { HOUR_MS, MINUTE_MS } from "./durations.ts";

const KIB = 1024;
const MIB = 1024 * KIB;

/** Request bodies by group of routes. MCP endpoints take the variable MAX_BODY_BYTES, by default 4 MiB. */
export const MAX_REQUEST_BYTES = {
  auth: 64 * KIB,
  registry: 256 * KIB,
  scim: MIB,
  api: 256 * KIB,
  configuration: 4 * MIB,
  pages: 256 * KIB,
} as const;

/** Bodies of MCP requests that one isolate holds at once; smaller ones than MIN_COUNTED_BODY_BYTES are not counted. */
export const MAX_HELD_BODY_BYTES = 32 * MIB;
export const MIN_COUNTED_BODY_BYTES = 64 * KIB;

/** A request body that is larger than its limit is read to its end up to this size, so that the sender sees the 413. */
export const MAX_DRAINED_BYTES = 64 * MIB;

/** So long at most. */
export const DRAIN_TIMEOUT_MS = 10_000;

/** A body that stops arriving, or that takes longer in total, fails. */
export const REQUEST_IDLE_TIMEOUT_MS = 30_000;
export const REQUEST_TOTAL_TIMEOUT_MS = 2 * MINUTE_MS;

/** Bodies of responses, after decompression. A server's own limit replaces `mcp` (its setting maxResponseBytes). */
export const MAX_RESPONSE_BYTES = {
  mcp: 4 * MIB,
  registryPage: 8 * MIB,
  clientDocument: 16 * KIB,
  identityProvider: 256 * KIB,
  /** About a thousand hash suffixes of a breached-password service. */
  passwordRange: 256 * KIB,
  /** The gateway's own REST API and MCP endpoint, read in process by its pages. */
  inProcess: 16 * MIB,
} as const;

/** The highest value of a server's setting maxResponseBytes: an isolate has 128 MiB for all its requests. */
export const MAX_SERVER_RESPONSE_BYTES = 16 * MIB;

/** One event of a stream; a stream as a whole may be longer. */
export const MAX_EVENT_BYTES = 4 * MIB;

/** A JSON response that is still arriving after this long fails, however steadily it drips. */
export const RESPONSE_TOTAL_TIMEOUT_MS = 5 * MINUTE_MS;
/** All lists of a server, with all of their pages. */
export const DISCOVERY_TOTAL_TIMEOUT_MS = MINUTE_MS;
/** A stream of events ends after this long, and so does a call that is answered on one; clients reconnect. */
export const STREAM_TOTAL_TIMEOUT_MS = 12 * HOUR_MS;

export const MAX_HEADER_BYTES = 32 * KIB;
/** Access-Control-Request-Headers of a preflight. */
export const MAX_PREFLIGHT_HEADERS_LENGTH = 8 * KIB;

/** Names of tools and prompts, URIs, cursors and task ids in MCP messages, in UTF-16 code units. */
export const MAX_NAME_LENGTH = 8 * KIB;
/** JSON nesting: deeper than any honest message, shallow enough for every recursive reader. */
export const MAX_JSON_DEPTH = 100;

/** Pages of one list, and items of one list, that discovery reads from a server. */
export const MAX_LIST_PAGES = 1000;
export const MAX_LIST_ITEMS = 100_000;
/** One definition as it is stored. Of a larger one a summary is kept, under the hash of the whole. */
export const MAX_STORED_DEFINITION_LENGTH = 128 * KIB;
/** Definitions that are written to the database in one request, which takes 10 MB. */
export const MAX_WRITE_LENGTH = 2 * MIB;

/** Characters of one definition, and of one text in it, that the scan for suspicious text reads. */
export const MAX_SCANNED_LENGTH = 200_000;
export const MAX_SCANNED_TEXT_LENGTH = 64 * KIB;

export const MAX_REDIRECTS = 3;
/** Gateways that a request may pass before this one refuses it as a loop. */
export const MAX_GATEWAY_HOPS = 3;

/** Of a header that is passed from a client to a server. */
export const MAX_PASSED_HEADER_CHARACTERS = 4096;
