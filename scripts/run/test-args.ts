// The arguments of `npm test`: what it understands itself, and after `--` what vitest gets.
import { Problem } from "../lib/problem.ts";

const USAGE = "npm test -- [--only unit] [-- arguments for vitest]";

export function parseTestArgs(args: string[]): { unitOnly: boolean; vitest: string[] } {
  const split = args.indexOf("--");
  const own = split === -1 ? args : args.slice(0, split);
  const vitest = split === -1 ? [] : args.slice(split + 1);
  if (own.length === 0) return { unitOnly: false, vitest };
  if (own.join(" ") === "--only unit" || own.join(" ") === "--only=unit") return { unitOnly: true, vitest };
  throw new Problem(`Unknown argument ${own.join(" ")}: ${USAGE}`, 2);
}
