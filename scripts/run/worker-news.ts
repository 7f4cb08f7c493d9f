// How the process that runs wrangler says something that the terminal shall show, among all that it logs.

/** Lines of its log that begin so are repeated by `npm run dev`. */
export const NEWS = "[dev]";
