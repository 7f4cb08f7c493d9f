/** Where better-auth's own endpoints are; apart from it, so that whoever links there need not load it. */
export const AUTH_PATH = "/api/auth";
