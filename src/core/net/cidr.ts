/** Whether an address is in one of some networks, IPv4 and IPv6 alike, also IPv4 written as IPv6. */
import ipaddr from "ipaddr.js";

export function isInside(address: string, networks: readonly string[]): boolean {
  if (!ipaddr.isValid(address)) return false;
  const parsed = ipaddr.process(address);
  return networks.some((network) => {
    const [base, bits] = parseRange(network);
    return base.kind() === parsed.kind() && parsed.match(base, bits);
  });
}

function parseRange(network: string): [ipaddr.IPv4 | ipaddr.IPv6, number] {
  if (network.includes("/")) return ipaddr.parseCIDR(network);
  const address = ipaddr.parse(network);
  return [address, address.kind() === "ipv4" ? 32 : 128];
}

/** Why a text is no network as the database keeps them; undefined for one that is. */
export function validateNetwork(text: string): string | undefined {
  try {
    const [base, bits] = parseRange(text);
    if (base instanceof ipaddr.IPv6 && base.isIPv4MappedAddress()) {
      return "is an IPv4-mapped IPv6 range; use the IPv4 form";
    }
    const written = `${base.toString()}/${bits}`;
    const network = (
      base instanceof ipaddr.IPv6
        ? ipaddr.IPv6.networkAddressFromCIDR(written)
        : ipaddr.IPv4.networkAddressFromCIDR(written)
    ).toString();
    return network === base.toString() ? undefined : `has host bits set; did you mean ${network}/${bits}?`;
  } catch {
    return "must be an IP address or CIDR range, for example 192.0.2.0/24";
  }
}

/** A network as the database writes it; of what validateNetwork finds no fault with. */
export function canonicalNetwork(text: string): string {
  const [base, bits] = parseRange(text);
  return `${base.toString()}/${bits}`;
}

/** Whether every address of a network is in one of some networks. */
export function isNetworkInside(network: string, networks: readonly string[]): boolean {
  const [inner, innerBits] = parseRange(network);
  return networks.some((outer) => {
    const [base, bits] = parseRange(outer);
    return base.kind() === inner.kind() && innerBits >= bits && inner.match(base, bits);
  });
}

/** Finds the value of the narrowest network that contains an address. */
export type NetworkLookup<V> = (address: string) => { readonly value: V; readonly bits: number } | undefined;

/**
 * Built once, read often: one lookup in a table for each length of prefix that occurs, the longest first, however many
 * networks there are. What is no network is passed over.
 */
export function compileNetworks<V>(
  networks: Iterable<readonly [network: string, value: V]>,
): NetworkLookup<V> {
  const byBits = { ipv4: new Map<number, Map<string, V>>(), ipv6: new Map<number, Map<string, V>>() };
  for (const [network, value] of networks) {
    if (validateNetwork(network) !== undefined) continue;
    const [base, bits] = parseRange(network);
    const tables = byBits[base.kind()];
    const table = tables.get(bits) ?? new Map<string, V>();
    table.set(bitPrefix(base.toByteArray(), bits), value);
    tables.set(bits, table);
  }
  const longestFirst = (tables: Map<number, Map<string, V>>) => [...tables].sort(([one], [two]) => two - one);
  const tables = { ipv4: longestFirst(byBits.ipv4), ipv6: longestFirst(byBits.ipv6) };
  return (address) => {
    if (!ipaddr.isValid(address)) return undefined;
    const parsed = ipaddr.process(address);
    const bytes = parsed.toByteArray();
    for (const [bits, table] of tables[parsed.kind()]) {
      const prefix = bitPrefix(bytes, bits);
      const value = table.get(prefix);
      if (value !== undefined) return { value, bits };
    }
    return undefined;
  };
}

function bitPrefix(bytes: readonly number[], bits: number): string {
  const whole = bits >> 3;
  const rest = bits & 7;
  const masked = bytes.slice(0, whole);
  if (rest > 0) masked.push((bytes[whole] ?? 0) & (0xff << (8 - rest)));
  return String.fromCharCode(...masked);
}
