/** IP rules; core/limits/ip-rules.ts evaluates them. */
import { z } from "zod";
import { IP_RULE_KINDS } from "../../core/enums.ts";
import { canonicalNetwork, validateNetwork } from "../../core/net/cidr.ts";
import { ipRules as table } from "../../db/schema/access.ts";
import { liftBan } from "../../policy/bans.ts";
import { moment } from "../http/times.ts";
import { defineResource } from "../resource/define.ts";
import { prose } from "./members.ts";

export const network = z
  .string()
  .max(64)
  .check((ctx) => {
    const fault = validateNetwork(ctx.value);
    if (fault !== undefined)
      ctx.issues.push({ code: "custom", message: fault, input: ctx.value, continue: false });
  })
  .transform(canonicalNetwork);

const automatic = z.object({ isAutomatic: z.boolean(), cidr: z.string() });

/** A ban that the gateway has imposed is visible, and lifted by its deletion; it cannot be changed. */
export const ipRules = defineResource({
  name: "ip-rules",
  noun: "IP rule",
  table,
  fields: {
    kind: z.enum(IP_RULE_KINDS),
    cidr: network,
    reason: prose.nullable(),
    expiresAt: moment.nullable(),
    isActive: z.boolean(),
  },
  sorts: ["cidr", "createdAt", "updatedAt", "violations"],
  usual: "-createdAt",
  filters: ["kind", "isAutomatic", "isActive"],
  searched: ["reason"],
  async faults(_, row) {
    if (automatic.safeParse(row).data?.isAutomatic !== true) return [];
    return [{ path: "", message: "is a ban of the gateway: delete it to lift the ban" }];
  },
  hooks: {
    async removed(c, row, owner) {
      const { isAutomatic, cidr } = automatic.parse(row);
      if (isAutomatic) await liftBan(c.var.services, owner, cidr);
    },
  },
  example: { kind: "block", cidr: "192.0.2.128/25", reason: "Repeated malformed requests." },
});
