/**
 * The findings of the security review, each with the tests that reproduce the attack and would fail if it worked
 * again. `npm run test:security` runs exactly these tests and prints one line per finding; findings.node.test.ts
 * fails if a finding has no test or names one that does not exist.
 */
export interface Finding {
  readonly id: string;
  readonly title: string;
  readonly tests: readonly FindingTest[];
}

export interface FindingTest {
  readonly file: string;
  /** The beginning of the test's own name, as it is written in the file. */
  readonly name: string;
}

const inFile = (file: string, ...names: readonly string[]): FindingTest[] =>
  names.map((name) => ({ file, name }));

const BINDING = "tests/gateway/binding.node.test.ts";
const CROSSING = "tests/gateway/crossing.node.test.ts";
const LINEAR_TIME = "tests/core/linear-time.test.ts";
const MEMORY = "the memory of the runtime stays within 128 MiB";
const ONE_READING = "tests/core/mcp/ambiguous-json.test.ts";

const DEFECTS: readonly Finding[] = [
  {
    id: "S1",
    title: "Stored XSS on the gateway's origin through the MCP endpoints",
    tests: inFile(
      CROSSING,
      "is refused when it is neither JSON nor an event stream",
      "keeps the status of a refusal and loses its words",
      "carries only the headers that MCP needs",
      "is answered with safe headers when the gateway itself refuses",
    ),
  },
  {
    id: "S2",
    title: "CPU exhaustion in the CORS preflight",
    tests: [
      ...inFile(CROSSING, "is answered in linear time"),
      ...inFile(LINEAR_TIME, "takes time that is linear in"),
    ],
  },
  {
    id: "S3",
    title: "ReDoS in the scan of definitions",
    tests: [
      ...inFile(LINEAR_TIME, "takes time that is linear in every adversarial text"),
      ...inFile("tests/security/regular-expressions.node.test.ts", "take linear time"),
    ],
  },
  {
    id: "S4",
    title: "Unbounded bodies of upstream responses",
    tests: [
      ...inFile("tests/core/net/bounded-body.test.ts", "stops reading", "fails a body"),
      ...inFile(CROSSING, "are cut off when an answer that began early turns out too large"),
      ...inFile(
        "tests/security/hostile-peers.node.test.ts",
        "ends a call with an error",
        "ends the subscription of all servers",
        MEMORY,
      ),
      ...inFile("tests/security/hostile-channels.node.test.ts", "ends with an error for", MEMORY),
      ...inFile(
        "tests/security/hostile-sources.node.test.ts",
        "is read within its limits",
        "is ended by a total time when",
        MEMORY,
      ),
      ...inFile(
        "tests/security/dripping-peers.node.test.ts",
        "is ended by a total time over",
        "fails within its time",
      ),
      ...inFile("tests/security/outbound-paths.node.test.ts", "is attacked by a hostile peer on every path"),
      ...inFile("tests/gateway/sse/transform.test.ts", "fails the stream when it is nested deeper"),
    ],
  },
  {
    id: "S5",
    title: "Changes that keep themselves from being seen",
    tests: [
      ...inFile("tests/discovery/evasion.test.ts", "although", "and is seen once"),
      ...inFile("tests/gateway/catalog/inventory-cache.test.ts", "is withheld when"),
      ...inFile("tests/discovery/rug-pull.node.test.ts", "is not called through the server's own address"),
    ],
  },
  {
    id: "S6",
    title: "No body limit on /api/auth and /r",
    tests: [
      ...inFile(CROSSING, "are refused on every route outside MCP", "are no way in for compressed bombs"),
      ...inFile("tests/middleware/request-body.test.ts", "is refused when it"),
      ...inFile("tests/api/body-limits.test.ts", "is refused at the limit", "is refused on addresses"),
    ],
  },
  {
    id: "S9",
    title: "Messages that the server reads differently than the gateway",
    tests: [
      ...inFile(ONE_READING, "is refused: ", "is refused when it is no text"),
      ...inFile(CROSSING, "never reaches it"),
    ],
  },
  {
    id: "S10",
    title: "Batches that cost one token and leave no record",
    tests: inFile(
      BINDING,
      "takes a token for each of its calls",
      "of more calls than a batch may hold never leaves the gateway",
      "is recorded call by call, each with its own outcome",
    ),
  },
  {
    id: "S13",
    title: "Deeply nested lists pass unfiltered",
    tests: [
      ...inFile("tests/core/mcp/list-edit.test.ts", "goes nowhere when it cannot be read"),
      ...inFile(CROSSING, "is not shown to a caller who may not see all of it"),
    ],
  },
  {
    id: "S14",
    title: "Tasks and request state of passed-through servers work for every principal",
    tests: inFile(
      BINDING,
      "is its principal's alone",
      "is not listed, as the list would be of all principals",
      "continues its principal's call alone",
    ),
  },
  {
    id: "S22",
    title: "Names of unlimited length against patterns",
    tests: [
      ...inFile(ONE_READING, "is refused when it is longer than 8 KiB"),
      ...inFile(LINEAR_TIME, "takes time that is linear in"),
    ],
  },
  {
    id: "S25",
    title: "The gateway as its own upstream",
    tests: inFile(CROSSING, "refuses what comes back to it, at once", "lets requests of other gateways pass"),
  },
  {
    id: "S26",
    title: "Addresses that the URL guard took for public",
    tests: inFile("tests/upstream/connection/url-guard.test.ts", "refuses %s because it"),
  },
  {
    id: "S7",
    title: "Provider sign-in without the second factor, and silent linking",
    tests: inFile(
      "tests/identity/users/second-factor.node.test.ts",
      "does not skip the second factor",
      "does not link an account silently",
      "is notified to the user by mail",
      "mints no key",
      "changes neither the password",
      "becomes recent by signing in again",
    ),
  },
  {
    id: "S8",
    title: "Login guesses freed by a member that is not read, and within an IPv6 /64",
    tests: inFile("tests/identity/users/second-factor.node.test.ts", "is not freed by a member"),
  },
  {
    id: "S11",
    title: "Consent to one endpoint used for all",
    tests: inFile(
      "tests/identity/oauth/grants.node.test.ts",
      "to one endpoint is none to all",
      "that names no resource is for all servers",
    ),
  },
  {
    id: "S12",
    title: "A key in another person's name",
    tests: inFile("tests/api/authority.test.ts", "is not made by turning the person into a service account"),
  },
  {
    id: "S15",
    title: "Open redirect after sign-in",
    tests: inFile("tests/identity/users/second-factor.node.test.ts", "never leads to another site"),
  },
  {
    id: "S16",
    title: "Deny rules lost by rotating or minting",
    tests: inFile(
      "tests/api/authority.test.ts",
      "hold for its successor",
      "deny the same to keys that it mints",
      "hold for what a legacy key becomes",
    ),
  },
  {
    id: "S17",
    title: "An old access token after disconnecting and connecting again",
    tests: inFile("tests/identity/oauth/grants.node.test.ts", "that is withdrawn stays so"),
  },
  {
    id: "S18",
    title: "REST and pages without rate limits and IP rules",
    tests: inFile(
      "tests/api/admission.test.ts",
      "admits a key as often as the key may",
      "obeys the limit of a role",
      "refuses a blocked address with 403",
      "costs one token",
      "is refused to a blocked address",
      "to sign in or for a token is metered by address",
    ),
  },
  {
    id: "S19",
    title: "A stored credential sent to another origin",
    tests: inFile("tests/api/authority.test.ts", "does not take its stored credential along"),
  },
  {
    id: "S20",
    title: "Fetches and rows by anonymous authorization requests",
    tests: inFile("tests/identity/oauth/grants.node.test.ts", "makes the gateway neither fetch nor keep"),
  },
  {
    id: "S21",
    title: "Races on authority",
    tests: inFile(
      "tests/api/authority.test.ts",
      "of two admins who demote or remove each other",
      "of two admins who switch each other's account off",
      "of many invitations to one address",
      "of many rotations of one key",
    ).concat(inFile("tests/discovery/tool-changes.test.ts", "is decided once")),
  },
  {
    id: "S23",
    title: "Unlimited password checks of a signed-in person",
    tests: inFile(
      "tests/identity/users/second-factor.node.test.ts",
      "of a person who is signed in is limited too",
    ),
  },
  {
    id: "S24",
    title: "Rights of a removed member, and another tenant's sessions",
    tests: [
      ...inFile(
        "tests/api/authority.test.ts",
        "has no key, no connected application",
        "are shown as far as they look at this tenant",
      ),
      ...inFile("tests/identity/revocation.test.ts", "no revoked right ever works again"),
    ],
  },
  {
    id: "S27",
    title: "Unbounded rows by unauthenticated callers, and silent native clients",
    tests: [
      ...inFile(
        "tests/identity/users/second-factor.node.test.ts",
        "make a bounded number of security events",
      ),
      ...inFile(
        "tests/identity/oauth/grants.node.test.ts",
        "registers no client with",
        "is requested each time",
      ),
    ],
  },
  {
    id: "S28",
    title: "Unsafe defaults",
    tests: inFile(
      "tests/env.test.ts",
      "refuses development at",
      "names every binding that is missing",
      "refuses %s = %s in production",
    ),
  },
];

/** What the review attacked without success. It has to stay so. */
const HELD: readonly Finding[] = [
  {
    id: "H1",
    title: "Held: rows, lists, filters and exports of another tenant",
    tests: inFile("tests/api/tenants-apart.test.ts", "are still as they were", "are not there for %s"),
  },
  {
    id: "H2",
    title: "Held: REST routes without a permission",
    tests: inFile(
      "tests/api/route-permissions.test.ts",
      "is guarded by exactly one action",
      "of the REST interface is guarded",
    ),
  },
  {
    id: "H3",
    title: "Held: forms and requests of other origins (CSRF, open redirect, session fixation)",
    tests: inFile(
      "tests/identity/pages.node.test.ts",
      "is refused without its token",
      "cannot be bypassed by REST",
      "never leads elsewhere",
      "is a new one at every sign-in",
    ),
  },
  {
    id: "H4",
    title: "Held: another principal's MCP session",
    tests: inFile("tests/gateway/sessions.node.test.ts", "is its principal's alone"),
  },
  {
    id: "H5",
    title: "Held: OAuth codes, refresh tokens, redirect URIs, forged tokens and forged consent",
    tests: inFile(
      "tests/identity/oauth/authorization-server.node.test.ts",
      "need the verifier",
      "a code that comes a second time",
      "a refresh token works once",
      "with a redirect address of",
      "without a signature",
      "that is forged for the consent page",
    ),
  },
  {
    id: "H6",
    title: "Held: requests to private addresses (SSRF)",
    tests: inFile(
      "tests/upstream/connection/url-guard.test.ts",
      "refuses %s because it",
      "never lets a private IPv4",
    ),
  },
  {
    id: "H7",
    title: "Held: malformed and mutated MCP messages",
    tests: [
      ...inFile("tests/gateway/hostile.node.test.ts", "is answered in order", "and the gateway serves on"),
      ...inFile("tests/protocol/mutated-messages.node.test.ts", "are answered in time"),
    ],
  },
  {
    id: "H8",
    title: "Held: odd values in REST requests",
    tests: inFile("tests/api/fuzz.test.ts", "answers everything"),
  },
  {
    id: "H9",
    title: "Held: hostile names in pages",
    tests: inFile("tests/identity/pages.node.test.ts", "shows what people are called as text"),
  },
  {
    id: "H10",
    title: "Held: guessing of passwords, second factors and account names",
    tests: inFile(
      "tests/identity/users/users.node.test.ts",
      "with a wrong password and with an unknown user has the same response",
      "is slowed after a few failures",
      "cannot be guessed",
    ),
  },
];

export const FINDINGS: readonly Finding[] = [...DEFECTS, ...HELD];

const OWN_FILE = "tests/security/findings.node.test.ts";

/** The files that hold the tests, with the one that checks the table itself. */
export function testFilesOfFindings(): string[] {
  const files = FINDINGS.flatMap(({ tests }) => tests.map(({ file }) => file));
  return [...new Set([OWN_FILE, ...files])];
}

/** What a test's name begins with when it runs: up to the first value that it.each puts in. */
export const startOfName = ({ name }: FindingTest): string => name.split("%")[0] ?? name;

/** Fits the full names of exactly these tests. */
export function namesOfFindings(): RegExp {
  const names = FINDINGS.flatMap(({ tests }) => tests.map(startOfName));
  const escaped = ["the table of findings", ...names].map((name) =>
    name.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"),
  );
  return new RegExp(escaped.join("|"));
}
