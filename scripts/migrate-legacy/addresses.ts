// Addresses and networks as PostgreSQL's type cidr takes them.
import { isIP } from "node:net";
import ipaddr from "ipaddr.js";

/** An IP address, or a network without bits to the right of its mask. */
export function isAddressRange(text: string): boolean {
  const [address = "", bits, ...rest] = text.split("/");
  if (isIP(address) === 0 || rest.length > 0) return false;
  if (bits === undefined) return true;
  if (!/^\d{1,3}$/.test(bits) || Number(bits) > (isIP(address) === 4 ? 32 : 128)) return false;
  const [network, length] = ipaddr.parseCIDR(text);
  return network.toString() === networkAddress(text, network.kind()) && length === Number(bits);
}

const networkAddress = (text: string, kind: string) =>
  (kind === "ipv4" ? ipaddr.IPv4 : ipaddr.IPv6).networkAddressFromCIDR(text).toString();
