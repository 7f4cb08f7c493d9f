/** The name and version of the product, as upstreams and clients receive them. */
export const PRODUCT_NAME = "mcp-registry-gateway";
export const PRODUCT_VERSION = "0.1.0";

export const CLIENT_INFO = { name: PRODUCT_NAME, version: PRODUCT_VERSION } as const;
