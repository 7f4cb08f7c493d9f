/** A server as the pages read it. */
import { z } from "zod";
import { HEALTH_STATUSES, TRANSPORTS } from "../../core/enums.ts";
import type { ApiClient, ApiResponse } from "../http/api-client.ts";

export const serverView = z.object({
  id: z.string(),
  name: z.string(),
  title: z.string().nullable(),
  description: z.string().nullable(),
  endpointUrl: z.string().nullable(),
  transportType: z.enum(TRANSPORTS),
  healthStatus: z.enum(HEALTH_STATUSES),
  capabilities: z.record(z.string(), z.unknown()),
  tags: z.array(z.string()),
  version: z.string().nullable(),
  protocolVersion: z.string().nullable(),
  instructions: z.string().nullable(),
  avgResponseTime: z.number().nullable(),
  successRate: z.number().nullable(),
  lastHealthCheck: z.string().nullable(),
  discoveredAt: z.string().nullable(),
  discoveryError: z.string().nullable(),
  weight: z.number(),
  region: z.string().nullable(),
  maxConcurrency: z.number(),
  settings: z.record(z.string(), z.unknown()),
  isActive: z.boolean(),
  auth: z.object({ type: z.string(), reference: z.string().nullable() }).nullable(),
  createdBy: z.string().nullable(),
  createdAt: z.string(),
  updatedAt: z.string(),
});

export type ServerView = z.infer<typeof serverView>;

export const serverApi = (id: string) => `/servers/${encodeURIComponent(id)}`;
export const serverPath = (id: string) => `/admin/servers/${id}`;

export const readServer = (rest: ApiClient, id: string): Promise<ApiResponse<ServerView>> =>
  rest.read(serverApi(id), serverView);

export const serverName = ({ title, name }: Pick<ServerView, "title" | "name">) => title ?? name;
