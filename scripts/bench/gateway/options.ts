// The options of the command line.
import { parseArgs } from "node:util";
import { Problem } from "../../lib/problem.ts";

export const PARTS = ["cases", "growth", "cold", "memory"] as const;
export type Part = (typeof PARTS)[number];

export interface Options {
  readonly parts: ReadonlySet<Part>;
  readonly wanted: RegExp | undefined;
  readonly connections: readonly number[] | undefined;
  readonly rounds: number;
  readonly minutes: number;
  readonly json: boolean;
  readonly write: boolean;
  readonly profile: string | undefined;
  readonly peers: boolean;
  /** Fails where a case has become slower than the committed baseline. */
  readonly gate: boolean;
  readonly writeBaseline: boolean;
}

/** The most informative ones in the least time. */
export const GATED_CASES =
  /^(?:tools\/call, (?:one|all) servers?(?:, warm leases)?|tools\/call legacy, one server|rejected: .*)$/;

export function readOptions(args: string[]): Options {
  const { values } = parseArgs({
    args,
    options: {
      part: { type: "string" },
      case: { type: "string" },
      connections: { type: "string" },
      rounds: { type: "string", default: "9" },
      minutes: { type: "string", default: "10" },
      json: { type: "boolean", default: false },
      write: { type: "boolean", default: false },
      profile: { type: "string" },
      peers: { type: "boolean", default: false },
      gate: { type: "boolean", default: false },
      "write-baseline": { type: "boolean", default: false },
    },
  });
  if (values.write && (values.case !== undefined || values.connections !== undefined)) {
    throw new Problem("--write replaces whole parts: omit --case and --connections, or use --part.");
  }
  const isGate = values.gate || values["write-baseline"];
  const connections = values.connections?.split(",").map((count) => wholeNumber("connections", count, 1024));
  return {
    parts: isGate
      ? new Set(["cases"])
      : partsOf(values.part, values.case !== undefined || connections !== undefined),
    wanted: isGate ? GATED_CASES : values.case === undefined ? undefined : new RegExp(values.case, "i"),
    connections: isGate ? (connections ?? [16]) : connections,
    rounds: wholeNumber("rounds", values.rounds, 99),
    minutes: wholeNumber("minutes", values.minutes, 600),
    json: values.json,
    write: values.write,
    profile: values.profile,
    peers: values.peers,
    gate: values.gate,
    writeBaseline: values["write-baseline"],
  };
}

/** Naming a case selects the part with cases. */
function partsOf(text: string | undefined, namesCases: boolean): ReadonlySet<Part> {
  if (text === undefined) return new Set(namesCases ? ["cases"] : PARTS);
  const wanted = text.split(",");
  const known = PARTS.filter((part) => wanted.includes(part));
  if (known.length < wanted.length)
    throw new Problem(`--part must be one or more of ${PARTS.join(", ")}, comma-separated.`);
  return new Set(known);
}

function wholeNumber(name: string, text: string, most: number): number {
  const value = Number(text);
  if (Number.isInteger(value) && value >= 1 && value <= most) return value;
  throw new Problem(`--${name} must be integers from 1 to ${most}.`);
}
