/** A modern client's subscription at a legacy server: a session of its own whose general stream is passed on. */
import type { JsonObject, JsonRpcId } from "../../core/mcp/json-rpc.ts";
import { getMember, isMembers } from "../../core/mcp/lossless-json.ts";
import { FLAGS, listChanged, parseFilter, subscriptionMeta } from "../../core/mcp/subscriptions.ts";
import { createGatewayId } from "../../upstream/connection/channel.ts";
import { Notifier } from "../sse/notifier.ts";
import type { MessageWriter } from "../sse/writer.ts";
import type { SessionKey, SessionPool } from "./session-pool.ts";

const POLL_INTERVAL_MS = 1000;

export async function listenLegacy(
  message: JsonObject,
  wish: SessionKey,
  leases: SessionPool,
  writer: MessageWriter,
): Promise<void> {
  const id = getId(message);
  const wanted = parseFilter(message);
  const lease = await leases.acquire(wish);
  const { channel, initialized } = lease;
  const flags = wanted.flags.filter((flag) => announces(initialized.capabilities, flag));
  const bell = new Notifier();
  const news: JsonObject[] = [];
  lease.user = {
    receive({ method, params }) {
      const flag = flags.find((known) => FLAGS[known]?.notification === method);
      if (flag !== undefined) news.push(listChanged(flag, id));
      if (method === "notifications/resources/updated" && isMembers(params)) {
        const meta = getMember(params, "_meta");
        const _meta = { ...(isMembers(meta) && meta), ...subscriptionMeta(id) };
        news.push({ jsonrpc: "2.0", method, params: { ...params, _meta } });
      }
      bell.notify();
    },
  };
  try {
    const resourceSubscriptions: string[] = [];
    for (const uri of wanted.resourceSubscriptions) {
      const request = {
        jsonrpc: "2.0",
        id: createGatewayId("subscribe"),
        method: "resources/subscribe",
        params: { uri },
      };
      if ("result" in (await channel.request(request))) resourceSubscriptions.push(uri);
    }
    const notifications = {
      ...Object.fromEntries(flags.map((flag) => [flag, true])),
      ...(resourceSubscriptions.length > 0 && { resourceSubscriptions }),
    };
    await writer.write({
      jsonrpc: "2.0",
      method: "notifications/subscriptions/acknowledged",
      params: { notifications, _meta: subscriptionMeta(id) },
    });
    while (!lease.isClosed) {
      for (const message of news.splice(0)) await writer.write(message);
      await Promise.race([bell.wait(), writer.idle(POLL_INTERVAL_MS)]);
    }
    await writer.write({
      jsonrpc: "2.0",
      id,
      result: { resultType: "complete", _meta: subscriptionMeta(id) },
    });
  } finally {
    await leases.discard(lease);
  }
}

function announces(capabilities: JsonObject, flag: string): boolean {
  const feature = getMember(capabilities, FLAGS[flag]?.feature ?? "");
  return isMembers(feature) && getMember(feature, "listChanged") === true;
}

function getId(message: JsonObject): JsonRpcId {
  const id = getMember(message, "id");
  return typeof id === "string" || typeof id === "number" ? id : "";
}
