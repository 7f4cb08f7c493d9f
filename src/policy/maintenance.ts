/** Determines from the snapshot whether a server is in a maintenance window; the end of the window is computed once. */
import { MaintenanceError } from "../core/errors.ts";
import { activeWindow, type WindowState } from "../core/maintenance/windows.ts";
import type { SnapshotServer, TenantSnapshot } from "./snapshot.ts";

const cache = new WeakMap<TenantSnapshot, Map<string, WindowState>>();

/** Undefined for a server that may be called. */
export function activeMaintenance(
  tenant: TenantSnapshot,
  server: Pick<SnapshotServer, "id" | "name">,
  now: number,
): MaintenanceError | undefined {
  if (tenant.windows.length === 0) return undefined;
  const { maintenance } = windowState(tenant, server.id, now);
  return maintenance && new MaintenanceError(server.name, maintenance, now);
}

function windowState(tenant: TenantSnapshot, serverId: string, now: number): WindowState {
  let states = cache.get(tenant);
  if (states === undefined) {
    states = new Map();
    cache.set(tenant, states);
  }
  let state = states.get(serverId);
  if (state === undefined || now >= state.until) {
    state = activeWindow(tenant.windows, serverId, new Date(now));
    states.set(serverId, state);
  }
  return state;
}
