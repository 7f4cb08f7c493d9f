/** The name of a server in requests: the path segment of its endpoint, /mcp/{name}. */
import { z } from "zod";

export const serverName = z
  .string()
  .regex(
    /^[A-Za-z0-9][A-Za-z0-9_.-]{0,99}$/,
    "must contain only letters, digits, dots, hyphens and underscores, at most 100",
  );
