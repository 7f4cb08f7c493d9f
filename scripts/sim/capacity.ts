/**
 * `npm run sim -- capacity`: what a million calls cost, what one tenant and the whole system can carry, and which resource
 * is used up first as traffic grows. Pure arithmetic on what a call uses and on published limits and prices.
 */
import { percent, table } from "./table.ts";

/** What one tools/call uses, with the command or test that measures it; `assumed` where none does. */
export const USAGE = {
  cpuMs: 0.335,
  objectCalls: 0.01,
  eventBytes: 1200,
  rows: 2,
  rowBytes: 410,
} as const;

const USAGE_SOURCES: readonly (readonly [name: string, value: string, source: string])[] = [
  ["CPU", `${USAGE.cpuMs} ms`, "npm run bench -- --case 'tools/call, one server', 16 connections"],
  ["calls of Durable Objects", String(USAGE.objectCalls), "upper bound in tests/gateway/hot-path.test.ts"],
  ["event in the queue", `${USAGE.eventBytes} bytes`, "assumed"],
  ["rows in Postgres", String(USAGE.rows), "request_logs and mcp_audit_logs"],
  [
    "size of a row with indexes",
    `${USAGE.rowBytes} bytes`,
    "1,500 MB for 3.7 million rows by npm run bench:db",
  ],
];

/** In US dollars, beyond what plans include. */
const PRICES = {
  millionRequests: 0.3,
  millionCpuMs: 0.02,
  millionObjectRequests: 0.15,
  millionQueueOperations: 0.4,
  cuHour: 0.106,
  gbMonth: 0.35,
} as const;

export const PRICE_SOURCES = [
  "https://developers.cloudflare.com/workers/platform/pricing/",
  "https://developers.cloudflare.com/durable-objects/platform/pricing/",
  "https://developers.cloudflare.com/queues/platform/pricing/",
  "https://neon.com/docs/introduction/plans",
] as const;

const MILLION = 1_000_000;
const GB = 1024 ** 3;
const QUEUE_MESSAGE_BYTES = 60_000;
/** A message of up to 64 KB is written, read and deleted. */
const OPERATIONS_PER_MESSAGE = 3;
/** Assumed: what one compute unit of Neon takes in batches of a hundred. */
const ROWS_PER_CU_SECOND = 5000;
const DAY_SECONDS = 86_400;
/** The busiest minute of a day against its mean. */
const PEAK = 5;

export interface CostItem {
  readonly name: string;
  readonly amount: string;
  readonly dollars: number;
}

export function costOfCalls(calls: number, monthsKept: number): readonly CostItem[] {
  const messages = (calls * USAGE.eventBytes) / QUEUE_MESSAGE_BYTES;
  const operations = messages * OPERATIONS_PER_MESSAGE;
  const cuHours = (calls * USAGE.rows) / ROWS_PER_CU_SECOND / 3600;
  const storedGb = (calls * USAGE.rows * USAGE.rowBytes) / GB;
  const item = (name: string, amount: string, dollars: number): CostItem => ({ name, amount, dollars });
  return [
    item("Workers requests", count(calls), (calls / MILLION) * PRICES.millionRequests),
    item(
      "Workers CPU",
      `${count(calls * USAGE.cpuMs)} ms`,
      ((calls * USAGE.cpuMs) / MILLION) * PRICES.millionCpuMs,
    ),
    item(
      "Durable Object requests",
      count(calls * USAGE.objectCalls),
      ((calls * USAGE.objectCalls) / MILLION) * PRICES.millionObjectRequests,
    ),
    item("Queue operations", count(operations), (operations / MILLION) * PRICES.millionQueueOperations),
    item("Postgres compute for the log", `${cuHours.toFixed(2)} CU-hours`, cuHours * PRICES.cuHour),
    item(
      `Postgres storage, a month kept × ${monthsKept}`,
      `${storedGb.toFixed(2)} GB`,
      storedGb * PRICES.gbMonth * monthsKept,
    ),
  ];
}

export interface Resource {
  readonly name: string;
  readonly limit: string;
  /** Calls per second that it carries. */
  readonly callsPerSecond: number;
  /** Whether the limit is one for each tenant, rather than for all. */
  readonly isPerTenant: boolean;
}

export const RESOURCES: readonly Resource[] = [
  {
    name: "the tenant's object (leases)",
    limit: "about 1,000 requests/s an object",
    callsPerSecond: 1000 / USAGE.objectCalls,
    isPerTenant: true,
  },
  {
    name: "the event queue",
    limit: "5,000 messages/s a queue",
    callsPerSecond: 5000 * (QUEUE_MESSAGE_BYTES / USAGE.eventBytes),
    isPerTenant: false,
  },
  {
    name: "Postgres writes, 1 CU",
    limit: `${count(ROWS_PER_CU_SECOND)} rows/s (assumed)`,
    callsPerSecond: ROWS_PER_CU_SECOND / USAGE.rows,
    isPerTenant: false,
  },
  {
    name: "Postgres writes, 8 CU",
    limit: `${count(8 * ROWS_PER_CU_SECOND)} rows/s (assumed)`,
    callsPerSecond: (8 * ROWS_PER_CU_SECOND) / USAGE.rows,
    isPerTenant: false,
  },
];

export interface Load {
  readonly callsPerDay: number;
  /** The busiest tenant's part of all calls. */
  readonly largestShare: number;
}

export const BASE_LOAD: Load = { callsPerDay: MILLION, largestShare: 0.2 };
export const GROWTH = [1, 10, 100, 1000] as const;

/** The part of a resource that is used in the busiest minute. */
export function usedAtPeak(
  { callsPerSecond, isPerTenant }: Resource,
  { callsPerDay, largestShare }: Load,
): number {
  const peak = (callsPerDay / DAY_SECONDS) * PEAK * (isPerTenant ? largestShare : 1);
  return peak / callsPerSecond;
}

/** The resource that is used up first, of those that cannot be enlarged by a setting. */
export function firstExhausted(load: Load): Resource | undefined {
  return RESOURCES.filter((resource) => usedAtPeak(resource, load) > 1).toSorted(
    (left, right) => usedAtPeak(right, load) - usedAtPeak(left, load),
  )[0];
}

function count(value: number): string {
  return Math.round(value).toLocaleString("en-US");
}

const dollars = (value: number) => `$${value.toFixed(3)}`;

export function printCapacity(): void {
  console.log("What one tools/call uses\n");
  console.log(
    table(
      ["", "amount", "source"],
      USAGE_SOURCES.map((row) => [...row]),
    ),
  );

  const items = costOfCalls(MILLION, 1);
  const sum = items.reduce((total, item) => total + item.dollars, 0);
  console.log("\nWhat a million calls cost, beyond what the plans include\n");
  console.log(
    table(
      ["", "amount", "cost"],
      [...items.map((item) => [item.name, item.amount, dollars(item.dollars)]), ["sum", "", dollars(sum)]],
    ),
  );

  console.log("\nWhat each resource carries\n");
  console.log(
    table(
      ["", "limit", "calls/s", "of"],
      RESOURCES.map(({ name, limit, callsPerSecond, isPerTenant }) => [
        name,
        limit,
        count(callsPerSecond),
        isPerTenant ? "a tenant" : "all",
      ]),
    ),
  );

  const loads = GROWTH.map((factor) => ({ ...BASE_LOAD, callsPerDay: factor * BASE_LOAD.callsPerDay }));
  console.log(
    `\nPart used in the busiest minute (${PEAK} × the mean; the largest tenant makes ${percent(BASE_LOAD.largestShare, 0)})\n`,
  );
  console.log(
    table(
      ["calls a day", ...loads.map(({ callsPerDay }) => count(callsPerDay))],
      [
        ...RESOURCES.map((resource) => [
          resource.name,
          ...loads.map((load) => percent(usedAtPeak(resource, load), 1)),
        ]),
        [
          "stored a month, GB",
          ...loads.map(({ callsPerDay }) => count((callsPerDay * 30 * USAGE.rows * USAGE.rowBytes) / GB)),
        ],
      ],
    ),
  );
  console.log(`\nPrices: ${PRICE_SOURCES.join(", ")}`);
}
