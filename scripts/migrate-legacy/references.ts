// What rows refer to: tenants, users, servers and keys by their old IDs, and the names that are taken.
import { toUuid } from "./row-reader.ts";

/** A row that others can refer to, as a transform reports it. */
export type Fact =
  | { readonly kind: "tenant"; readonly oldId: string; readonly id: string; readonly slug?: string }
  | {
      readonly kind: "user";
      readonly oldId: string;
      readonly id: string;
      readonly email: string;
      readonly username: string | null;
    }
  | { readonly kind: "member"; readonly tenantId: string; readonly userId: string }
  | {
      readonly kind: "server" | "rule";
      readonly id: string;
      readonly tenantId: string;
      readonly name: string;
    }
  | { readonly kind: "key"; readonly id: string; readonly tenantId: string };

/** The profile of the old frontend that belongs to a user of the old backend. */
export interface FrontendUser {
  readonly id: string;
  readonly name: string;
  readonly emailVerified: boolean;
  readonly image: string | null;
  readonly role: string;
  readonly isActive: boolean;
  readonly banned: boolean;
  readonly banReason: string | null;
  readonly banExpires: string | null;
}

export class References {
  /** The tenant of rows that have none. */
  readonly defaultTenant: string | undefined;
  readonly #mapped: ReadonlyMap<string, string>;
  readonly #tenants = new Map<string, string>();
  readonly #slugs = new Map<string, string>();
  readonly #users = new Map<string, string>();
  readonly #emails = new Map<string, string>();
  readonly #usernames = new Map<string, string>();
  readonly #members = new Set<string>();
  readonly #servers = new Map<string, string>();
  readonly #names = new Map<string, string>();
  readonly #keys = new Map<string, string>();
  readonly frontendUsers = new Map<string, FrontendUser>();

  /** `mapped`: existing tenants by the old ID or name; `*` is the default. */
  constructor(mapped: ReadonlyMap<string, string> = new Map()) {
    this.#mapped = mapped;
    this.defaultTenant = mapped.get("*");
  }

  /** The existing tenant that an old one is merged into. */
  mappedTenant(oldId: string, name: string): string | undefined {
    return this.#mapped.get(oldId) ?? this.#mapped.get(name);
  }

  tenant(oldId: string): string | undefined {
    return this.#tenants.get(oldId);
  }

  user(oldId: string): string | undefined {
    return this.#users.get(oldId);
  }

  userByEmail(email: string): string | undefined {
    return this.#emails.get(email);
  }

  isMember(tenantId: string, userId: string): boolean {
    return this.#members.has(`${tenantId} ${userId}`);
  }

  server(oldId: string): { id: string; tenantId: string } | undefined {
    const id = toUuid("mcp_servers", oldId);
    const tenantId = this.#servers.get(id);
    return tenantId === undefined ? undefined : { id, tenantId };
  }

  key(oldId: string): { id: string; tenantId: string } | undefined {
    const id = toUuid("keys", oldId);
    const tenantId = this.#keys.get(id);
    return tenantId === undefined ? undefined : { id, tenantId };
  }

  /** The slug, or the slug with the first number that no other tenant has. */
  freeSlug(slug: string, id: string): string {
    return firstFree(slug, 63, "-", (text) => isFree(this.#slugs.get(text), id));
  }

  freeName(kind: "server" | "rule", tenantId: string, name: string, id: string): string {
    const longest = kind === "server" ? 100 : 200;
    return firstFree(name, longest, "-", (text) =>
      isFree(this.#names.get(`${kind} ${tenantId} ${text}`), id),
    );
  }

  freeUsername(username: string, id: string): string {
    return firstFree(username, 64, "-", (text) => isFree(this.#usernames.get(text), id));
  }

  learn(fact: Fact): void {
    switch (fact.kind) {
      case "tenant":
        this.#tenants.set(fact.oldId, fact.id);
        if (fact.slug !== undefined) this.#slugs.set(fact.slug, fact.id);
        return;
      case "user":
        this.#users.set(fact.oldId, fact.id);
        this.#emails.set(fact.email, fact.id);
        if (fact.username !== null) this.#usernames.set(fact.username, fact.id);
        return;
      case "member":
        this.#members.add(`${fact.tenantId} ${fact.userId}`);
        return;
      case "key":
        this.#keys.set(fact.id, fact.tenantId);
        return;
      default:
        if (fact.kind === "server") this.#servers.set(fact.id, fact.tenantId);
        this.#names.set(`${fact.kind} ${fact.tenantId} ${fact.name}`, fact.id);
    }
  }
}

const isFree = (owner: string | undefined, id: string) => owner === undefined || owner === id;

function firstFree(
  text: string,
  longest: number,
  separator: string,
  free: (text: string) => boolean,
): string {
  for (let number = 1; ; number += 1) {
    const suffix = number === 1 ? "" : `${separator}${number}`;
    const name = `${text.slice(0, longest - suffix.length)}${suffix}`;
    if (free(name)) return name;
  }
}
