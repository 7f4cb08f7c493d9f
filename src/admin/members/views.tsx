/** What pages on people read of them, and how it is shown. */
import { z } from "zod";
import { ROLES, type Role } from "../../core/enums.ts";
import { Badge } from "../ui/components.tsx";

export const memberViewShape = z.object({
  id: z.string(),
  name: z.string(),
  email: z.string(),
  username: z.string().nullable(),
  role: z.enum(ROLES),
  isHome: z.boolean(),
  authProvider: z.string().nullable(),
  isActive: z.boolean(),
  banned: z.boolean(),
  banReason: z.string().nullable(),
  banExpires: z.string().nullable(),
  twoFactorEnabled: z.boolean(),
  activeKeys: z.number(),
  lastActivity: z.string().nullable(),
  joinedAt: z.string(),
  createdAt: z.string(),
});
export type MemberView = z.infer<typeof memberViewShape>;

export const ROLE_OPTIONS: readonly { readonly value: Role; readonly label: string }[] = [
  { value: "admin", label: "Admin: Manages the organization" },
  { value: "user", label: "User: Uses servers and creates API keys" },
  { value: "service", label: "Service: Non-human account" },
  { value: "readonly", label: "Read-only: Views only" },
];

export function MemberStatus({
  person: { isActive, banned },
}: {
  person: Pick<MemberView, "isActive" | "banned">;
}) {
  if (banned) return <Badge tone="bad">banned</Badge>;
  return isActive ? <Badge>active</Badge> : <Badge tone="off">disabled</Badge>;
}

export const memberStatus = ({ isActive, banned }: Pick<MemberView, "isActive" | "banned">) =>
  banned ? "banned" : isActive ? "active" : "disabled";
