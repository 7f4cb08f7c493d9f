/** IP rules; core/limits/ip-rules.ts evaluates them. */
import { z } from "zod";
import { IP_RULE_KINDS } from "../../core/enums.ts";
import { canonicalNetwork, validateNetwork } from "../../core/net/cidr.ts";
import { ipRules as table } from "../../db/schema/access.ts";
import { moment } from "../http/times.ts";
import { defineResource } from "../resource/define.ts";
import { prose } from "./members.ts";

const network = z
  .string()
  .max(64)
  .check((ctx) => {
    const fault = validateNetwork(ctx.value);
    if (fault !== undefined)
      ctx.issues.push({ code: "custom", message: fault, input: ctx.value, continue: false });
  })
  .transform(canonicalNetwork);

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
  example: { kind: "block", cidr: "203.0.113.0/24", reason: "Repeated malformed requests." },
});
