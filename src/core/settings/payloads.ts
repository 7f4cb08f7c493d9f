/** Which calls have their payload kept, and what of it: nothing unless the tenant enables it, and never a secret. */
import { hashFraction } from "../routing/hash.ts";
import { type SanitizeOptions, sanitizePayload } from "../sanitize-payload.ts";
import type { Settings } from "./values.ts";

export interface PayloadPolicy extends SanitizeOptions {
  readonly sample: number;
  readonly results: boolean;
}

/** Undefined where none is kept: then calls have no further cost. `own` is the server's, and comes first. */
export function payloadPolicy(settings: Settings, own?: number): PayloadPolicy | undefined {
  const sample = own ?? settings["logging.payloads.sample"];
  if (sample <= 0) return undefined;
  return {
    sample,
    results: settings["logging.payloads.results"],
    fields: settings["logging.payloads.fields"],
    emails: settings["logging.payloads.emails"],
  };
}

/** The same for one request in every isolate, and for retries of it. */
export const isSampled = (requestId: string, { sample }: PayloadPolicy): boolean =>
  hashFraction(requestId) < sample;

type SelectedPayload = Record<string, unknown>;

const MAX_CHARACTERS = 256 * 1024;

/** A member of a message (its params, its result or error), as it may be written down. */
export function selectPayload(
  text: string,
  members: readonly string[],
  terms: PayloadPolicy,
): SelectedPayload | undefined {
  if (text.length > MAX_CHARACTERS) return { cut: true };
  const message = parse(text);
  for (const member of members) {
    const value = message?.[member];
    if (value === undefined) continue;
    const clean = sanitizePayload(value, terms);
    return typeof clean === "object" && clean !== null && !Array.isArray(clean) ? clean : { value: clean };
  }
  return undefined;
}

function parse(text: string): SelectedPayload | undefined {
  const value = toJson(text);
  return typeof value === "object" && value !== null && !Array.isArray(value) ? { ...value } : undefined;
}

function toJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
