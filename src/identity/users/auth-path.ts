/** The path of the better-auth endpoints, in a file of its own so that links to it do not load better-auth. */
export const AUTH_PATH = "/api/auth";
