/** `__Host-` keeps subdomains and plain http from planting cookies; browsers take it on https only. */
export const cookiePrefix = (publicUrl: string) =>
  publicUrl.startsWith("https:") ? "__Host-gateway" : "gateway";
