/** Stage 2: removes the candidates that the principal may not use, then those in maintenance. */
import { isConfiguration, uriVariants } from "../../core/access/uri-variants.ts";
import type { McpContext } from "../context/context.ts";
import type { OperationRecorder } from "../context/operation-recorder.ts";
import type { CheckedCandidate } from "./check-maintenance.ts";
import type { Candidate, UpstreamCall } from "./upstream-call.ts";

export function checkAccess<C extends Candidate, T>(
  checked: readonly CheckedCandidate<C>[],
  call: UpstreamCall<C, T>,
  context: McpContext,
): readonly C[] {
  const allowed = checked.filter(({ candidate }) => isAllowed(candidate, call, context));
  const open = allowed.filter(({ maintenance }) => maintenance === undefined);
  if (open.length > 0) return open.map(({ candidate }) => candidate);
  const [inMaintenance] = allowed;
  const { candidate, maintenance } = inMaintenance ?? { candidate: call.preferred, maintenance: undefined };
  for (const operation of call.operations) setServer(operation, candidate);
  if (maintenance !== undefined) throw maintenance;
  recordDenial(call.preferred, context);
  throw call.deny("forbidden");
}

function isAllowed<C extends Candidate, T>(candidate: C, call: UpstreamCall<C, T>, { access }: McpContext) {
  if (call.isShared === true) return true;
  const { server } = candidate;
  return access.allows("server", server.id, server.name) && call.isAllowed(candidate);
}

/** The server that an operation is sent to, or would be, and what that calls the operation's target. */
export function setServer(operation: OperationRecorder, { server, upstreamName }: Candidate): void {
  operation.setServer(server.id, upstreamName === "" ? operation.target : upstreamName);
}

/** The client receives "not found"; the security event records the denial. */
export function recordDenial({ server, upstreamName }: Candidate, { record }: McpContext): void {
  if (isConfiguration(uriVariants(upstreamName))) {
    record.recordDenial("access.configuration-denied", `Only admins can read ${upstreamName}.`, server.id);
  } else {
    record.recordDenial(
      "access.denied",
      `An access rule denies ${upstreamName || "the server"} on server ${server.name}.`,
      server.id,
    );
  }
}
