/** The variables that middleware sets for pages. */
import type { Context } from "hono";
import type { Principal } from "../../identity/principal.ts";
import type { SignedInUser } from "../../identity/users/sessions.ts";
import type { AppEnv } from "../../middleware/app-env.ts";
import type { ApiClient, ApiFetch } from "./api-client.ts";
import type { ShownFlash } from "./flash-message.ts";
import type { Theme } from "./theme.ts";

export interface PageEnv {
  Bindings: AppEnv["Bindings"];
  Variables: AppEnv["Variables"] & {
    /** The signed-in user, or undefined. */
    person: SignedInUser | undefined;
    /** Proves that a posted form came from a page of this session. */
    formToken: string;
    /** The fields of a posted form whose token was valid; empty otherwise. */
    form: Readonly<Record<string, string>>;
    /** The same, with every value of a repeated name. */
    posted: URLSearchParams;
    /** The result of the last action, shown once. */
    flash: ShownFlash | undefined;
    /** Chosen in this browser. */
    theme: Theme;
    /** Of the browser, as its script has reported it; UTC without script. */
    timeZone: string;
  };
}

/** Of pages that need a signed-in user. */
export interface SignedInEnv {
  Bindings: PageEnv["Bindings"];
  Variables: Omit<PageEnv["Variables"], "person"> & { person: SignedInUser };
}

/** Of pages of an organization's administration. */
export interface AdminEnv {
  Bindings: SignedInEnv["Bindings"];
  Variables: SignedInEnv["Variables"] & {
    /** Calls the REST API in process. */
    restApi: ApiFetch;
    principal: Principal;
    rest: ApiClient;
  };
}

export type AdminContext = Context<AdminEnv>;
