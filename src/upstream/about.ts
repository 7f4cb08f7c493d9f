/** How the gateway introduces itself to servers, who need not know for which tenant. */
export const NAME = "mcp-registry-gateway";
export const VERSION = "0.1.0";

export const AS_CLIENT = { name: NAME, version: VERSION } as const;
