/** The description of the SCIM interface: its capabilities, resource types and schemas (RFC 7643, sections 5 to 7). */

const NAMES = "urn:ietf:params:scim:schemas:core:2.0";

export const SERVICE_PROVIDER_CONFIG = {
  schemas: [`${NAMES}:ServiceProviderConfig`],
  patch: { supported: true },
  bulk: { supported: false, maxOperations: 0, maxPayloadSize: 0 },
  filter: { supported: true, maxResults: 200 },
  changePassword: { supported: false },
  sort: { supported: false },
  etag: { supported: true },
  authenticationSchemes: [
    {
      type: "oauthbearertoken",
      name: "Bearer token",
      description: "A token of the organization, created under Members › Provisioning.",
      primary: true,
    },
  ],
};

const createResourceType = (name: "User" | "Group") => ({
  schemas: [`${NAMES}:ResourceType`],
  id: name,
  name,
  endpoint: `/${name}s`,
  schema: `${NAMES}:${name}`,
});

export const RESOURCE_TYPES = [createResourceType("User"), createResourceType("Group")];

interface AttributeOptions {
  readonly type?: "boolean" | "complex" | "reference";
  readonly required?: boolean;
  readonly multiValued?: boolean;
  readonly uniqueness?: "server";
  readonly subAttributes?: readonly object[];
}

const createAttribute = (name: string, options: AttributeOptions = {}) => ({
  name,
  type: "string",
  multiValued: false,
  required: false,
  caseExact: false,
  mutability: "readWrite",
  returned: "default",
  uniqueness: "none",
  ...options,
});

export const SCHEMAS = [
  {
    schemas: [`${NAMES}:Schema`],
    id: `${NAMES}:User`,
    name: "User",
    attributes: [
      createAttribute("userName", { required: true, uniqueness: "server" }),
      createAttribute("externalId"),
      createAttribute("displayName"),
      createAttribute("name", {
        type: "complex",
        subAttributes: ["formatted", "givenName", "familyName"].map((name) => createAttribute(name)),
      }),
      createAttribute("emails", {
        type: "complex",
        multiValued: true,
        subAttributes: [
          createAttribute("value"),
          createAttribute("type"),
          createAttribute("primary", { type: "boolean" }),
        ],
      }),
      createAttribute("active", { type: "boolean" }),
    ],
  },
  {
    schemas: [`${NAMES}:Schema`],
    id: `${NAMES}:Group`,
    name: "Group",
    attributes: [
      createAttribute("displayName", { required: true, uniqueness: "server" }),
      createAttribute("externalId"),
      createAttribute("members", {
        type: "complex",
        multiValued: true,
        subAttributes: [createAttribute("value"), createAttribute("display"), createAttribute("type")],
      }),
    ],
  },
];
