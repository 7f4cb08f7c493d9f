/**
 * better-auth's OAuth provider looks protected resources up in a table. Ours are every MCP endpoint there is or will
 * be, and the form of an address shows whether it is one; so one row holds the policy of them all, and stands in for each. The
 * address does not reveal whether such a server exists: only callers who may use it can see that.
 */
import type { BetterAuthOptions, DBAdapter } from "better-auth";
import { parseResource } from "./endpoints.ts";

type AdapterFactory = (options: BetterAuthOptions) => DBAdapter<BetterAuthOptions>;

export function withComputedResources(factory: AdapterFactory, mcpUrl: string): AdapterFactory {
  const template = `${mcpUrl}/mcp`;
  return (options) => {
    const adapter = factory(options);

    const ensureTemplate = async () => {
      try {
        const data = {
          identifier: template,
          name: "MCP endpoints",
          createdAt: new Date(),
          updatedAt: new Date(),
        };
        await adapter.create({ model: "oauthResource", data });
      } catch {
        // Another request was quicker; whatever else went wrong shows at the next look.
      }
    };

    const findOne: typeof adapter.findOne = async <T>(query: Parameters<typeof adapter.findOne>[0]) => {
      if (query.model !== "oauthResource") return adapter.findOne<T>(query);
      const wanted = query.where.find(({ field }) => field === "identifier")?.value;
      if (typeof wanted !== "string" || parseResource(mcpUrl, wanted) === undefined) return null;
      const templateQuery = { ...query, where: [{ field: "identifier", value: template }] };
      let row = await adapter.findOne<T>(templateQuery);
      if (row === null) {
        await ensureTemplate();
        row = await adapter.findOne<T>(templateQuery);
      }
      return row === null ? null : { ...row, identifier: wanted };
    };

    return { ...adapter, findOne };
  };
}
