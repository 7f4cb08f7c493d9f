/** Reads a POST under the isolate's budget of bodies: many large ones at once would end the isolate, and all requests with it. */
import { TooManyRequestsError } from "../../core/errors.ts";
import { readHeaders } from "../../core/net/headers.ts";
import { drainBody } from "../../core/net/request-body.ts";
import { MIN_COUNTED_BODY_BYTES } from "../../core/size-limits.ts";
import type { TimerSet } from "../../core/timers.ts";
import type { McpContext } from "../context/context.ts";
import { type McpPost, parsePost } from "./mcp-post.ts";

/** The body counts until the request is over. */
export async function readCountedPost(
  request: Request,
  context: McpContext,
  timers: TimerSet,
): Promise<McpPost> {
  const { maxBodyBytes } = context;
  const declared = Number(readHeaders(request).get("content-length") ?? Number.NaN);
  // A larger body is refused unread.
  if (declared <= maxBodyBytes && !reserve(declared, context)) {
    await drainBody(request);
    throw tooManyBodies();
  }
  const post = await parsePost(request, { maxBytes: maxBodyBytes, timers });
  if (Number.isNaN(declared) && !reserve(post.bytes.length, context)) throw tooManyBodies();
  return post;
}

function reserve(bytes: number, { bodies, record }: McpContext): boolean {
  if (bytes < MIN_COUNTED_BODY_BYTES) return true;
  const release = bodies.reserve(bytes);
  if (release !== undefined) record.onComplete(release);
  return release !== undefined;
}

const tooManyBodies = () => new TooManyRequestsError("Too many large requests in progress. Retry in 1 s.", 1);
