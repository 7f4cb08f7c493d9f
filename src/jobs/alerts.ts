/** Every minute: looks at all alert rules, and sends off what was to be told and got lost on the way. */
import { asGatewayError } from "../core/errors.ts";
import { logFailure } from "../logs/console.ts";
import { deliverOverdue } from "../operations/alerts/deliver.ts";
import { evaluateAlerts } from "../operations/alerts/evaluate.ts";
import type { AlertParts } from "../operations/alerts/parts.ts";

export async function watchAlerts(parts: AlertParts): Promise<void> {
  try {
    await evaluateAlerts(parts);
    await deliverOverdue(parts);
  } catch (error) {
    logFailure(asGatewayError(error), { work: "evaluate alerts", serverId: "" });
  }
}
