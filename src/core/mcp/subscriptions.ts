/** What a client can subscribe to, and how a stream identifies its subscription. */
import type { JsonObject, JsonRpcId } from "./json-rpc.ts";
import { getMember, isMembers } from "./lossless-json.ts";
import { META } from "./revisions.ts";

/** What the caller requested, or what is requested of one server. */
export interface SubscriptionFilter {
  /** Of FLAGS. */
  readonly flags: readonly string[];
  readonly resourceSubscriptions: readonly string[];
  readonly taskIds: readonly string[];
}

/** The list that each flag is about, and the feature that its servers have. */
export const FLAGS: Readonly<Record<string, { readonly feature: string; readonly notification: string }>> = {
  toolsListChanged: { feature: "tools", notification: "notifications/tools/list_changed" },
  promptsListChanged: { feature: "prompts", notification: "notifications/prompts/list_changed" },
  resourcesListChanged: { feature: "resources", notification: "notifications/resources/list_changed" },
};

export function listChanged(flag: string, id: JsonRpcId): JsonObject {
  return { jsonrpc: "2.0", method: FLAGS[flag]?.notification, params: { _meta: subscriptionMeta(id) } };
}

export const subscriptionMeta = (id: JsonRpcId) => ({ [META.subscriptionId]: id });

export function parseFilter(message: JsonObject): SubscriptionFilter {
  const params = getMember(message, "params");
  const asked = isMembers(params) ? getMember(params, "notifications") : undefined;
  const notifications = isMembers(asked) ? asked : {};
  const texts = (member: string) => {
    const value = getMember(notifications, member);
    return Array.isArray(value) ? value.filter((item) => typeof item === "string") : [];
  };
  return {
    flags: Object.keys(FLAGS).filter((flag) => getMember(notifications, flag) === true),
    resourceSubscriptions: texts("resourceSubscriptions"),
    taskIds: texts("taskIds"),
  };
}
