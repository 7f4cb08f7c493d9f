/** The members and overrides of a toolset as people write them: servers by name, one member per line. */
import { z } from "zod";
import { TOOL_HINTS, TOOLSET_KINDS } from "../../core/toolsets/toolset.ts";

export interface ServerLookup {
  readonly idOf: (name: string) => string | undefined;
  readonly nameOf: (id: string) => string | undefined;
}

const member = z.object({
  kind: z.string(),
  isExcluded: z.boolean().optional(),
  serverId: z.string().optional(),
  pattern: z.string().optional(),
  serverTags: z.array(z.string()).optional(),
  hints: z.record(z.string(), z.boolean()).optional(),
});
type Member = z.infer<typeof member>;

/** `!tool files/read_* readOnlyHint`. What is no such line becomes a member that the API rejects. */
export function parseMemberLine(line: string, { idOf }: ServerLookup): Member {
  const [head = "", target = "", ...hints] = line.trim().split(/\s+/);
  const slash = target.indexOf("/");
  if (slash < 1) return { kind: line };
  const server = target.slice(0, slash);
  const pattern = target.slice(slash + 1);
  return {
    kind: head.replace(/^!/, ""),
    ...(head.startsWith("!") && { isExcluded: true }),
    ...(server.startsWith("#")
      ? { serverTags: server.slice(1).split(",") }
      : server !== "*" && { serverId: idOf(server) ?? server }),
    ...(pattern !== "*" && { pattern }),
    ...(hints.length > 0 && {
      hints: Object.fromEntries(hints.map((hint) => [hint.replace(/^!/, ""), !hint.startsWith("!")])),
    }),
  };
}

export function formatMemberLine(value: unknown, { nameOf }: ServerLookup): string {
  const { kind, isExcluded, serverId, pattern = "*", serverTags, hints = {} } = member.parse(value);
  const server =
    serverTags !== undefined
      ? `#${serverTags.join(",")}`
      : serverId === undefined
        ? "*"
        : (nameOf(serverId) ?? serverId);
  const words = Object.entries(hints).map(([hint, isSet]) => (isSet ? hint : `!${hint}`));
  return [`${isExcluded === true ? "!" : ""}${kind} ${server}/${pattern}`, ...words].join(" ");
}

const overrides = z.array(z.record(z.string(), z.unknown()));

/** Texts that are not a list of objects are sent to the API unchanged, which rejects them with a message. */
export function toServerNames(value: unknown, { nameOf }: ServerLookup): unknown {
  const known = overrides.safeParse(value);
  if (!known.success) return value;
  return known.data.map(({ kind, serverId, ...rest }) => ({
    kind,
    server: nameOf(String(serverId)) ?? serverId,
    ...rest,
  }));
}

export function toServerIds(value: unknown, { idOf }: ServerLookup): unknown {
  const known = overrides.safeParse(value);
  if (!known.success) return value;
  return known.data.map(({ server, ...rest }) =>
    server === undefined ? rest : { ...rest, serverId: idOf(String(server)) ?? server },
  );
}

export const MEMBER_HINT = `One per line: ${TOOLSET_KINDS.join(", ")}, then server/pattern. * is any server or text, #tag the servers with a tag, a leading ! excludes. Hints may follow: ${TOOL_HINTS.join(", ")}.`;
