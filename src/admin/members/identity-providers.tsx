/** The pages of identity providers, at which members sign in with single sign-on. */
import { z } from "zod";
import { SSO_CALLBACK_PATH } from "../../identity/sso/sso-path.ts";
import { crudPages } from "../crud/crud-pages.tsx";
import { LinkButton } from "../forms/controls.tsx";
import { YES_NO } from "../lists/spec.ts";
import { Badge, CopyButton, Time } from "../ui/components.tsx";

const shape = z.object({
  id: z.string(),
  name: z.string(),
  issuer: z.string(),
  defaultRole: z.string(),
  isJitEnabled: z.boolean(),
  isActive: z.boolean(),
  updatedAt: z.string(),
});

export const DOMAINS_PATH = "/admin/members/provisioning/domains";

export const identityProviders = crudPages({
  name: "identity-providers",
  path: "/admin/members/provisioning",
  title: "Identity providers",
  noun: "identity provider",
  intro: "OpenID Connect providers at which members sign in (single sign-on).",
  empty:
    "Let members sign in with Okta, Entra, Google Workspace, Keycloak or another OpenID Connect provider.",
  destroys: "Sessions that began at it end, and its connections to accounts are deleted.",
  beside: () => (
    <LinkButton to={DOMAINS_PATH} kind="quiet">
      Domains
    </LinkButton>
  ),
  list: {
    shape,
    usual: "name",
    search: "Name or issuer",
    filters: [
      { name: "isActive", label: "Active", kind: "choice", options: YES_NO },
      { name: "isJitEnabled", label: "Creates members", kind: "choice", options: YES_NO },
    ],
    columns: [
      { name: "name", label: "Name", sorts: true, show: ({ name }) => name },
      { name: "issuer", label: "Issuer", sorts: true, show: ({ issuer }) => <code>{issuer}</code> },
      {
        name: "isJitEnabled",
        label: "New members",
        show: ({ isJitEnabled, defaultRole }) =>
          isJitEnabled ? <span class="tag">{defaultRole}</span> : "By invitation",
      },
      {
        name: "isActive",
        label: "Status",
        show: ({ isActive }) => (
          <Badge tone={isActive ? "plain" : "off"}>{isActive ? "active" : "off"}</Badge>
        ),
      },
      { name: "updatedAt", label: "Updated", sorts: true, show: ({ updatedAt }) => <Time at={updatedAt} /> },
    ],
  },
  fields: [
    { name: "name", label: "Name", kind: "text", maxlength: 200, hint: "Shown on the sign-in page." },
    {
      ...{ name: "issuer", label: "Issuer", kind: "text", maxlength: 500, fixed: true },
      hint: "For example https://example.okta.com. Cannot be changed later.",
    },
    {
      ...{ name: "discoveryUrl", label: "Discovery URL", kind: "text", maxlength: 500, optional: true },
      empty: "null",
      hint: "Optional. Default: the issuer with /.well-known/openid-configuration.",
    },
    { name: "clientId", label: "Client ID", kind: "text", maxlength: 500 },
    {
      ...{ name: "clientSecret", label: "Client secret", kind: "secret", optional: true },
      hint: "Never shown again. Leave empty to keep the current one.",
    },
    { name: "emailClaim", label: "Email claim", kind: "text", maxlength: 200, initial: "email" },
    { name: "nameClaim", label: "Name claim", kind: "text", maxlength: 200, initial: "name" },
    {
      ...{ name: "isJitEnabled", label: "Create members when they sign in", kind: "yes" },
      hint: "Only for email addresses of a verified domain.",
    },
    {
      name: "defaultRole",
      label: "Role of created members",
      kind: "choice",
      options: ["user", "readonly", "admin"].map((role) => ({ value: role, label: role })),
      initial: "user",
    },
    {
      ...{ name: "trustedAmr", label: "Trusted methods (amr)", kind: "lines", optional: true },
      hint: "Values of the claim amr that count as a second factor, for example mfa. One per line.",
    },
    {
      ...{ name: "trustedAcr", label: "Trusted contexts (acr)", kind: "lines", optional: true },
      hint: "Values of the claim acr that count as a second factor. One per line.",
    },
    { name: "isActive", label: "Active", kind: "yes", initial: "yes" },
  ],
  nameOf: ({ name }) => name,
  about: ({ id }) => (
    <p>
      Redirect URI at the provider, behind the address of this gateway:{" "}
      <code>{`${SSO_CALLBACK_PATH}/${id}`}</code> <CopyButton text={`${SSO_CALLBACK_PATH}/${id}`} />
    </p>
  ),
});
