/** Whether an address lies in one of some networks, IPv4 and IPv6 alike, also IPv4 written as IPv6. */
import ipaddr from "ipaddr.js";

export function isInside(address: string, networks: readonly string[]): boolean {
  if (!ipaddr.isValid(address)) return false;
  const parsed = ipaddr.process(address);
  return networks.some((network) => {
    const [base, bits] = rangeOf(network);
    return base.kind() === parsed.kind() && parsed.match(base, bits);
  });
}

function rangeOf(network: string): [ipaddr.IPv4 | ipaddr.IPv6, number] {
  if (network.includes("/")) return ipaddr.parseCIDR(network);
  const address = ipaddr.parse(network);
  return [address, address.kind() === "ipv4" ? 32 : 128];
}
