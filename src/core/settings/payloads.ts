/** Which calls have their payload kept, and what of it: nothing unless the tenant wants it, and never a secret. */
import { fractionOf } from "../routing/hash.ts";
import { type SanitiseOptions, sanitise } from "../sanitise.ts";
import type { Settings } from "./values.ts";

export interface PayloadTerms extends SanitiseOptions {
  readonly sample: number;
  readonly results: boolean;
}

/** Undefined where none is kept: then nothing more is asked of a call. `own` is the server's, and comes first. */
export function payloadTerms(settings: Settings, own?: number): PayloadTerms | undefined {
  const sample = own ?? settings["logging.payloads.sample"];
  if (sample <= 0) return undefined;
  return {
    sample,
    results: settings["logging.payloads.results"],
    fields: settings["logging.payloads.fields"],
    emails: settings["logging.payloads.emails"],
  };
}

/** The same for one request wherever it is asked, and for retries of it. */
export const isSampled = (requestId: string, { sample }: PayloadTerms): boolean =>
  fractionOf(requestId) < sample;

type Kept = Record<string, unknown>;

const MOST_CHARACTERS = 256 * 1024;

/** A member of a message (its params, its result or error), as it may be written down. */
export function keep(text: string, members: readonly string[], terms: PayloadTerms): Kept | undefined {
  if (text.length > MOST_CHARACTERS) return { cut: true };
  const message = parsed(text);
  for (const member of members) {
    const value = message?.[member];
    if (value === undefined) continue;
    const clean = sanitise(value, terms);
    return typeof clean === "object" && clean !== null && !Array.isArray(clean) ? clean : { value: clean };
  }
  return undefined;
}

function parsed(text: string): Kept | undefined {
  const value = jsonOf(text);
  return typeof value === "object" && value !== null && !Array.isArray(value) ? { ...value } : undefined;
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
