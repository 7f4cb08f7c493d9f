/** Sensitive values of settings as they are stored. */

/** A sealed secret, opened only at the point of use. */
export interface SealedValue {
  readonly sealed: string;
}

/** What a sensitive value is sealed for: bound to owner and key, so that no sealed value is of use elsewhere. */
export const sealPurpose = ({ tenantId, key }: { tenantId: string | null; key: string }): string =>
  `config:${tenantId ?? "system"}:${key}`;
