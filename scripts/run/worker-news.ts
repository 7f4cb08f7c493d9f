// The lines by which the process that runs wrangler marks output for the terminal, among all that it logs.

/** Lines of its log that begin so are repeated by `npm run dev`. */
export const NEWS = "[dev]";
