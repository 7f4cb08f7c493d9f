/** The part of the navigation that leads to tools, servers and the registry. */
import type { NavGroup } from "./locate.ts";

export const CATALOG: NavGroup = {
  label: "Catalog",
  entries: [
    {
      label: "Tools",
      icon: "tools",
      tabs: [
        {
          ...{ label: "Tools", path: "/admin/tools", permission: "tools.list" },
          keywords: "catalog playground call run try",
        },
        { label: "Prompts", path: "/admin/tools/prompts", permission: "prompts.list" },
        { label: "Resources", path: "/admin/tools/resources", permission: "resources.list" },
        { label: "Toolsets", path: "/admin/tools/toolsets", permission: "toolsets.list" },
      ],
    },
    {
      label: "Servers",
      icon: "servers",
      tabs: [
        {
          ...{ label: "Servers", path: "/admin/servers", permission: "servers.list" },
          keywords: "register mcp upstream health",
        },
        {
          ...{ label: "Tool changes", path: "/admin/servers/tool-changes" },
          ...{ permission: "tool-changes.list", keywords: "approve pin rug pull held blocked" },
        },
        {
          ...{ label: "Circuit breakers", path: "/admin/servers/circuit-breakers" },
          ...{ permission: "circuit-breakers.list", keywords: "open closed half-open resilience failures" },
        },
        {
          ...{ label: "Queues", path: "/admin/servers/queues", permission: "request-queues.list" },
          keywords: "concurrency limit waiting depth request queue",
        },
        {
          ...{ label: "Connectors", path: "/admin/servers/connectors", permission: "connectors.list" },
          keywords: "stdio private network tunnel log stderr",
        },
        {
          ...{ label: "Maintenance", path: "/admin/servers/maintenance" },
          ...{ permission: "maintenance-windows.list", keywords: "calendar downtime patching windows" },
        },
      ],
    },
    {
      label: "Registry",
      icon: "registry",
      tabs: [
        {
          ...{ label: "Entries", path: "/admin/registry", permission: "registry-entries.list" },
          keywords: "registry import server.json official",
        },
        {
          ...{ label: "Sources", path: "/admin/registry/sources", permission: "registry-sources.list" },
          keywords: "registry sync import official",
        },
      ],
    },
  ],
};
