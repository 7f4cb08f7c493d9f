/** What the merged server says of itself. */
import { mergeCapabilities } from "../../core/mcp/capabilities.ts";
import type { JsonObject } from "../../core/mcp/json-rpc.ts";
import { mapMember, mapObject } from "../../core/mcp/lossless-json.ts";
import { mergeInstructions } from "../../core/mcp/merge-lists.ts";
import { META, MODERN_REVISIONS, TASKS_EXTENSION } from "../../core/mcp/revisions.ts";
import { asServer } from "../about.ts";
import type { McpContext } from "../context.ts";
import type { View } from "./catalogue.ts";
import type { Offer } from "./offers.ts";

/** Servers come and go: clients may rely on what is said here for no longer than on a list. */
const TTL_MS = 60_000;

export function discovered({ tables, gaps }: View, context: McpContext): JsonObject {
  const seen = visible(tables.offers, context);
  const instructions = instructionsOf(seen, context);
  return {
    resultType: "complete",
    supportedVersions: [...MODERN_REVISIONS],
    capabilities: modernCapabilities(seen),
    ...(instructions !== undefined && { instructions }),
    ttlMs: gaps.length === 0 ? TTL_MS : 0,
    cacheScope: context.access.isPersonal ? "private" : "public",
    _meta: { [META.serverInfo]: asServer(context.tenant) },
  };
}

export function visible(offers: readonly Offer[], { access }: McpContext): readonly Offer[] {
  return offers.filter(({ server }) => access.allows("server", server.id, server.name));
}

/** What the tenant says, and after it what each server says. */
export function instructionsOf(offers: readonly Offer[], { tenant }: McpContext): string | undefined {
  const own = tenant.settings["mcp.instructions"].trim();
  const theirs = theirInstructions(offers);
  return own === "" ? theirs : theirs === undefined ? own : `${own}\n\n${theirs}`;
}

function theirInstructions(offers: readonly Offer[]): string | undefined {
  const [only] = offers;
  // A server that stands alone needs no heading.
  if (offers.length === 1) return only?.instructions;
  return mergeInstructions(
    offers.map(({ server, instructions }) => ({ title: server.title ?? server.name, text: instructions })),
  );
}

/** The tasks of 2025-11-25 have another shape, and only a session of that era can carry them. */
function modernCapabilities(offers: readonly Offer[]): JsonObject {
  return mergeCapabilities(
    offers.map(({ era, capabilities }) => (era === "modern" ? capabilities : without(capabilities, "tasks"))),
  );
}

/** The tasks extension belongs to the modern era; other extensions work in either. */
export function legacyCapabilities(offers: readonly Offer[]): JsonObject {
  return mergeCapabilities(
    offers.map(({ era, capabilities }) =>
      era === "legacy"
        ? without(capabilities, "tasks")
        : {
            ...mapObject(capabilities, "extensions", (extensions) =>
              mapMember(extensions, TASKS_EXTENSION, () => undefined),
            ),
            logging: {},
          },
    ),
  );
}

function without(capabilities: JsonObject, member: string): JsonObject {
  const { [member]: _, ...rest } = capabilities;
  return rest;
}
