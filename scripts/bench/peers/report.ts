// The results of the comparison with the peers, as text and for the README.
import type { Figures, PeerResult } from "./compare-peers.ts";

const AT_LEAST = 5;

const HEAD = [
  ["Peer", "Setting", "requests/s", "p50 ms", "p99 ms", "CPU µs", "MiB", "Ratio", "in each round"],
  ["---", "---", "---:", "---:", "---:", "---:", "---:", "---:", "---"],
];

const line = (cells: readonly string[]) =>
  `| ${cells.map((cell) => cell.replaceAll(/\s+/g, " ").replaceAll("|", "\\|")).join(" | ")} |`;

/** Each pair of figures is the gateway's and the peer's, measured in turns. */
export function peersTable(results: readonly PeerResult[]): string {
  const notes = [...new Set(results.flatMap((result) => result.notes))];
  const marks = (result: PeerResult) => result.notes.map((note) => ` (${notes.indexOf(note) + 1})`).join("");
  const rows = results.map((result) => {
    const head = [`${result.name} ${result.version}`, `${result.setting}${marks(result)}`];
    return line(
      "failed" in result ? [...head, `failed: ${result.failed}`, ...EMPTY] : [...head, ...cells(result)],
    );
  });
  const table = [...HEAD.map(line), ...rows].join("\n");
  const legend = notes.map((note, at) => `${at + 1}. ${note}`).join("\n");
  return [table, legend, verdict(results)].filter((part) => part !== "").join("\n\n");
}

const EMPTY = Array.from({ length: 6 }, () => "");

function cells({ gateway, peer, ratio, ratios }: Figures): string[] {
  const both = (read: (side: Figures["peer"]) => number, digits: number) =>
    `${read(gateway).toFixed(digits)} / ${read(peer).toFixed(digits)}`;
  return [
    both(({ perSecond }) => perSecond, 0),
    both(({ p50 }) => p50, 2),
    both(({ p99 }) => p99, 2),
    both(({ cpuUs }) => cpuUs, 0),
    both(({ rssMib }) => rssMib, 0),
    ratio.toFixed(2),
    ratios.map((each) => each.toFixed(1)).join(", "),
  ];
}

/** Against the peer that comes closest. */
export function verdict(results: readonly PeerResult[]): string {
  const measured = results.flatMap((result) => ("failed" in result ? [] : [result]));
  const [closest] = measured.toSorted((a, b) => a.ratio - b.ratio);
  if (closest === undefined) return "No peer could be measured.";
  const { name, version, setting, ratio } = closest;
  const slower = measured.filter(({ gateway, peer }) => gateway.p99 >= peer.p99);
  const missed = slower.map((each) => `${each.name} (${each.setting})`).join(", ");
  return [
    `The closest is ${name} ${version} (${setting}): the gateway serves ${ratio.toFixed(2)} times as many calls`,
    ratio >= AT_LEAST ? `(target at least ${AT_LEAST}: met).` : `(target at least ${AT_LEAST}: missed).`,
    missed === ""
      ? "Its p99 is lower than that of every peer."
      : `Its p99 is not lower than that of ${missed}.`,
  ].join(" ");
}
